package listening

import (
	"net"
	"os"
	"regexp"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// startShared starts the program with one address, for both --tcp and --http.
func startShared(t *testing.T, args ...string) *harness.Program {
	t.Helper()
	socket, _ := socketFile(t, "tcp", "127.0.0.1:0")
	cmd := activated(t, "one", []*os.File{socket}, append([]string{"--tcp", "fd:one", "--http", "fd:one"}, args...)...)
	p := &harness.Program{Process: harness.StartCommand(t, cmd)}
	p.TCP = harness.ExpectLine(t, p.Err, harness.TCPListening)[0]
	p.HTTP = harness.ExpectLine(t, p.Err, harness.HTTPListening)[0]
	return p
}

func TestTry(t *testing.T) {
	s := startShared(t, "--log-level", "debug")
	nc, _ := harness.Netcat(t, s.TCP)
	_, port, _ := net.SplitHostPort(s.TCP)
	for i := range 4 {
		page := browser.Open(t, "http://localhost:"+port+"/?room=lobby")
		page.Nick()
		_ = i
	}
	time.Sleep(3 * time.Second)
	nc.Say(t, "/who")
	time.Sleep(time.Second)
	t.Log(nc.Out)
	t.Log(s.Err)
	_ = regexp.MustCompile
}
