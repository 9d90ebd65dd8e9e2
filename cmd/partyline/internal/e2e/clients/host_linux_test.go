package clients

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// needModule skips the test if Debian's Python or Node lacks the module. See [harness.Missing].
func (c *client) needModule(t *testing.T) {
	t.Helper()
	check := exec.Command(c.program, "-c", "import "+c.module)
	if c.script == "client.js" {
		check = exec.Command(c.program, "-e", "require('"+c.module+"')")
		check.Env = append(os.Environ(), nodePath)
	}
	if c.module != "" && check.Run() != nil {
		harness.Missing(t, c.module)
	}
}

// nodePath is the environment variable that makes Node find Debian's modules.
const nodePath = "NODE_PATH=/usr/share/nodejs"

// A host is a server for one client, with an observer that receives the client's messages.
type host struct {
	*harness.Program
	client   *client
	command  []string
	observer *harness.TextClient
	packets  *capture // nil if packets can't be captured
	started  int      // the number of connections to the captured port
}

func newHost(t *testing.T, c *client, args ...string) *host {
	t.Helper()
	h := &host{Program: harness.StartProgram(t, args...), client: c, command: c.build(t)}
	addr := h.TCP
	if c.overWebSocket() {
		addr = h.HTTP
	}
	h.packets = startCapture(t, addr)
	h.observer = harness.DialText(t, h.TCP)
	harness.ExpectLine(t, h.observer.Out, harness.WelcomeLine)
	if addr == h.TCP {
		h.started++
	}
	return h
}

func (c *client) overWebSocket() bool { return c.script != "client.sh" }

// build returns the command that runs the client, without its argument.
func (c *client) build(t *testing.T) []string {
	t.Helper()
	folder, err := filepath.Abs(filepath.Join("testdata", c.folder))
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(folder, c.script)
	switch c.script {
	case "client.sh":
		return []string{"bash", script}
	case "main.go":
		binary := filepath.Join(t.TempDir(), c.folder)
		if out, err := exec.Command("go", "build", "-o", binary, script).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return []string{binary}
	}
	return []string{c.program, script}
}

// start starts the client with an argument.
func (h *host) start(t *testing.T, argument string) *harness.Process {
	t.Helper()
	cmd := exec.Command(h.command[0], append(slices.Clip(h.command[1:]), argument)...)
	host, port, _ := net.SplitHostPort(h.TCP)
	cmd.Env = append(os.Environ(), "HOST="+host, "PORT="+port, "URL=ws://"+h.HTTP+"/ws",
		"TERM=xterm", nodePath)
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
