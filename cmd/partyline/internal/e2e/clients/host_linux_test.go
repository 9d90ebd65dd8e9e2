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

// needModule skips the test where Debian's Python or Node lacks the module.
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

// nodePath is where Debian keeps Node's modules.
const nodePath = "NODE_PATH=/usr/share/nodejs"

// A host is a server with a member that hears all that a client says.
type host struct {
	*harness.Program
	client   *client
	command  []string
	witness  *harness.TextClient
	packets  *capture // nil where nothing can be captured
	visitors int      // so many clients have been started
}

func newHost(t *testing.T, c *client, args ...string) *host {
	t.Helper()
	h := &host{Program: harness.StartProgram(t, args...), client: c, command: c.build(t)}
	addr := h.TCP
	if c.overWebSocket() {
		addr = h.HTTP
	}
	h.packets = startCapture(t, addr)
	h.witness = harness.DialText(t, h.TCP)
	harness.ExpectLine(t, h.witness.Out, harness.WelcomeLine)
	if addr == h.TCP {
		h.visitors++
	}
	return h
}

func (c *client) overWebSocket() bool { return c.script != "client.sh" }

// build returns the command of a client without its argument.
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

// start starts the client, which is a visitor from then on.
func (h *host) start(t *testing.T, argument string) *harness.Process {
	t.Helper()
	cmd := exec.Command(h.command[0], append(slices.Clip(h.command[1:]), argument)...)
	host, port, _ := net.SplitHostPort(h.TCP)
	cmd.Env = append(os.Environ(), "HOST="+host, "PORT="+port, "URL=ws://"+h.HTTP+"/ws",
		"TERM=xterm", nodePath)
	h.visitors++
	if !h.client.terminal {
		return harness.StartCommand(t, cmd)
	}
	p := harness.StartOnTerminal(t, cmd)
	shows(t, p, "* You are") // what is typed while a program sets the terminal up may be lost
	return p
}

// shows waits until a client shows a text.
func shows(t *testing.T, p *harness.Process, text string) {
	t.Helper()
	if _, err := p.Out.Await(func(line string) bool { return strings.Contains(line, text) }); err != nil {
		t.Fatalf("%q %v", text, err)
	}
}
