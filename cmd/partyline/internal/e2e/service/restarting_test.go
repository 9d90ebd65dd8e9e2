//go:build unix

package service

import (
	"os"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// A restarting is a server that is started again and again at the same addresses.
type restarting struct {
	chat, web string     // its addresses
	sockets   []*os.File // that it inherits, if any
	args      []string
}

func newRestarting(t *testing.T, inherits, proxied bool, args ...string) *restarting {
	t.Helper()
	s := &restarting{args: args}
	if proxied {
		s.args = append(s.args, "--proxy", "127.0.0.1")
	}
	if !inherits {
		s.chat, s.web = harness.FreeAddr(t), harness.FreeAddr(t)
		s.args = append(s.args, "--tcp", s.chat, "--http", s.web)
		return s
	}
	chat, chatAddr := harness.SocketFile(t, "tcp", "127.0.0.1:0")
	web, webAddr := harness.SocketFile(t, "tcp", "127.0.0.1:0")
	s.chat, s.web, s.sockets = chatAddr.String(), webAddr.String(), []*os.File{chat, web}
	s.args = append(s.args, "--tcp", "fd:chat", "--http", "fd:web")
	return s
}

// start starts the server. It waits until the server accepts connections.
func (s *restarting) start(t *testing.T) *harness.Program {
	t.Helper()
	cmd := harness.Command(t, nil, s.args...)
	if s.sockets != nil {
		cmd = harness.Activated(t, "chat:web", s.sockets, s.args...)
	}
	p := harness.StartCommand(t, cmd)
	return &harness.Program{Process: p, TCP: harness.ExpectLine(t, p.Err, harness.TCPListening)[0], HTTP: harness.ExpectLine(t, p.Err, harness.HTTPListening)[0]}
}
