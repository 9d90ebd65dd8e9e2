package clients

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/certs/certstest"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// A host is a server for one client, with an observer that receives the client's messages.
type host struct {
	*harness.Program
	client   *client
	command  []string
	observer *harness.TextClient
	packets  *capture // nil if packets can't be captured, or are encrypted
	started  int      // the number of connections to the captured port
	env      []string // variables of the client's script
}

func newHost(t *testing.T, c *client, args ...string) *host {
	t.Helper()
	h := &host{client: c, command: c.build(t)}
	switch c.network {
	case onePort:
		addr := harness.FreeAddr(t)
		args = append(args, "--tcp", addr, "--http", addr)
	case unixSocket:
		socket := harness.PublicFolder(t) + "/chat.sock"
		args = append(args, "--tcp", "unix:"+socket)
		h.env = append(h.env, "SOCKET="+socket)
	case overTLS:
		ca, dir := certstest.NewAuthority(t), t.TempDir()
		cert, key := ca.IssueNow(t, "127.0.0.1", "localhost")
		certFile, keyFile := certstest.Write(t, dir, cert, key)
		caFile := filepath.Join(dir, "ca.pem")
		if err := os.WriteFile(caFile, ca.PEM(), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--tls-cert", certFile, "--tls-key", keyFile)
		h.env = append(h.env, "CA_FILE="+caFile)
	}
	h.Program = harness.StartProgram(t, args...)
	addr := h.TCP
	if c.overWebSocket() {
		addr = h.HTTP
	}
	if c.network == twoPorts || c.network == onePort {
		h.packets = startCapture(t, addr)
	}
	h.observer = harness.DialText(t, h.TCP)
	harness.ExpectLine(t, h.observer.Out, harness.WelcomeLine)
	if addr == h.TCP {
		h.started++
	}
	return h
}

// start starts the client with an argument.
func (h *host) start(t *testing.T, argument string) *harness.Process {
	t.Helper()
	cmd := exec.Command(h.command[0], append(slices.Clip(h.command[1:]), argument)...)
	host, port, _ := net.SplitHostPort(h.TCP)
	cmd.Env = append(os.Environ(), "HOST="+host, "PORT="+port, "URL=ws://"+h.HTTP+"/ws",
		"TERM=xterm", nodePath)
	cmd.Env = append(cmd.Env, h.env...)
	h.started++
	if !h.client.terminal {
		return harness.StartCommand(t, cmd)
	}
	p := harness.StartOnTerminal(t, cmd)
	shows(t, p, "* You are") // input before the program has set up the terminal may be lost
	return p
}

// shows waits until the output of a client contains text.
func shows(t *testing.T, p *harness.Process, text string) {
	t.Helper()
	if _, err := p.Out.Await(func(line string) bool { return strings.Contains(line, text) }); err != nil {
		t.Fatalf("%q %v", text, err)
	}
}
