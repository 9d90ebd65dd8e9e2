package clients

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// A client is a program that connects to the server. It sends the lines of its standard input and prints
// what it receives.
type client struct {
	folder   string // the directory of the script in testdata
	name     string // folder if empty
	program  string // the program that must be installed
	module   string // a module of Python or Node that must be installed too
	script   string // client.sh if empty; a Go program is built first
	terminal bool   // it runs on a terminal
	network  network
	stays    string // the argument of the script with which it reads until the server stops
	blocks   bool   // it does not read from the server while it waits for its input
	short    bool   // it is tested with -short too
	ways     []way  // the ways in which it disconnects
}

// A network is how a client reaches the server.
type network string

const (
	twoPorts   network = "" // one for TCP, one for HTTP
	onePort    network = "one port"
	unixSocket network = "unix socket"
	overTLS    network = "TLS"
)

// A way is a way in which a client disconnects.
type way struct {
	arg   string                 // the argument of the client's script
	name  string                 // arg if empty
	end   func(*harness.Process) // makes it disconnect; nil for the end of its input
	reads bool                   // it closes its sending side and reads until EOF
	late  bool                   // it disconnects after the observer has received some of its lines
	loses bool                   // its kernel may discard data that is not sent yet
	slow  bool                   // it takes a second or two
}

func (w way) String() string { return cmp.Or(w.name, w.arg) }

// endOfInput closes a client's standard input, or its terminal.
func endOfInput(p *harness.Process) { p.Stdin.Close() }

func signals(s syscall.Signal) func(*harness.Process) {
	return func(p *harness.Process) { syscall.Kill(-p.Cmd.Process.Pid, s) }
}

func types(keys ...string) func(*harness.Process) {
	return func(p *harness.Process) { p.Stdin.Write([]byte(strings.Join(keys, ""))) }
}

// interrupted returns a way in which the client receives SIGINT, as from Ctrl-C.
func interrupted(start string) way {
	return way{arg: start, name: "interrupted", end: signals(syscall.SIGINT), late: true, loses: true}
}

// disconnect makes a client disconnect.
func (w way) disconnect(p *harness.Process) {
	if w.end == nil {
		endOfInput(p)
	} else {
		w.end(p)
	}
}

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

// clients are the clients to test. TestClients adds a way to each in which it is killed.
var clients = []client{
	{folder: "netcat-openbsd", short: true, program: "nc.openbsd", stays: "listen", ways: []way{
		{arg: "shut", reads: true},
		{arg: "close"},
		{arg: "timeout", slow: true},
		interrupted("listen"),
	}},
	{folder: "netcat-openbsd", name: "netcat at one port", network: onePort, program: "nc.openbsd", stays: "listen", ways: []way{
		{arg: "shut", reads: true},
		{arg: "close"},
		interrupted("listen"),
	}},
	{folder: "netcat-unix", network: unixSocket, short: true, program: "nc.openbsd", stays: "listen", ways: []way{
		{arg: "shut", reads: true},
		{arg: "close"},
		interrupted("listen"),
	}},
	{folder: "socat-unix", network: unixSocket, program: "socat", stays: "listen", ways: []way{
		{arg: "shut", reads: true},
		{arg: "close"},
		{arg: "drop"},
		interrupted("listen"),
	}},
	{folder: "ncat-tls", network: overTLS, program: "ncat", stays: "listen", ways: []way{
		{arg: "shut", end: endOfInput, reads: true}, // without a close_notify
		{arg: "close", end: endOfInput},
		{arg: "timeout", end: endOfInput, slow: true},
		interrupted("listen"),
	}},
	{folder: "socat-tls", network: overTLS, program: "socat", stays: "listen", ways: []way{
		{arg: "shut", reads: true},
		{arg: "close"},
		interrupted("listen"),
	}},
	{folder: "openssl", network: overTLS, short: true, program: "openssl", stays: "listen", ways: []way{
		{arg: "close"},
		interrupted("listen"),
	}},
	{folder: "netcat-traditional", program: "nc.traditional", stays: "listen", ways: []way{
		{arg: "shut", reads: true},
		{arg: "close"},
		{arg: "timeout", slow: true},
		interrupted("listen"),
	}},
	{folder: "ncat", program: "ncat", stays: "listen", ways: []way{
		{arg: "shut", reads: true},
		{arg: "close"},
		{arg: "timeout", slow: true},
		interrupted("listen"),
	}},
	{folder: "socat", program: "socat", stays: "listen", ways: []way{
		{arg: "shut", reads: true},
		{arg: "brief", slow: true},
		{arg: "close"},
		{arg: "send"},
		{arg: "drop"},
		interrupted("listen"),
	}},
	{folder: "busybox", program: "busybox", stays: "shut", ways: []way{
		{arg: "shut", reads: true},
		interrupted("shut"),
	}},
	{folder: "bash", program: "bash", stays: "listen", ways: []way{
		{arg: "redirect"},
		{arg: "close"},
		{arg: "exit", loses: true},
	}},
	{folder: "curl", program: "curl", stays: "listen", blocks: true, ways: []way{
		{arg: "timeout", slow: true},
		interrupted("listen"),
	}},
	{folder: "telnet", program: "telnet", name: "telnet in a pipe", stays: "pipe", ways: []way{
		{arg: "pipe", end: endOfInput, late: true, loses: true},
	}},
	{folder: "telnet", program: "telnet", name: "telnet on a terminal", short: true, terminal: true, stays: "terminal", ways: []way{
		{arg: "terminal", name: "quit", end: types("\x1d", "quit\n")},
		{arg: "terminal", name: "close", end: types("\x1d", "close\n")},
		{arg: "terminal", name: "terminal closed", end: endOfInput, late: true, loses: true},
	}},
	{folder: "plink", program: "plink", name: "plink -raw", stays: "raw", ways: []way{
		{arg: "raw", reads: true},
		interrupted("raw"),
	}},
	{folder: "plink", program: "plink", name: "plink -telnet", stays: "telnet", ways: []way{
		interrupted("telnet"),
	}},
	{folder: "tintin++", program: "/usr/games/tt++", terminal: true, stays: "session", ways: []way{
		{arg: "session", name: "zap", end: types("#zap\n", "#end\n"), loses: true},
		{arg: "session", name: "end", end: types("#end\n"), loses: true},
	}},
	{folder: "python-websockets", program: "/usr/bin/python3", module: "websockets", script: "client.py", stays: "listen", ways: []way{
		{arg: "close"},
		{arg: "drop", loses: true},
		{arg: "exit", loses: true},
	}},
	{folder: "ws", short: true, program: "node", module: "ws", script: "client.js", stays: "listen", ways: []way{
		{arg: "close"},
		{arg: "drop", loses: true},
		{arg: "exit", loses: true},
	}},
	{folder: "ws", name: "ws at one port", network: onePort, program: "node", module: "ws", script: "client.js", stays: "listen", ways: []way{
		{arg: "close"},
		{arg: "drop", loses: true},
	}},
	{folder: "faye-websocket", program: "node", module: "faye-websocket", script: "client.js", stays: "listen", ways: []way{
		{arg: "close"},
		{arg: "exit", loses: true},
	}},
	{folder: "coder", program: "go", script: "main.go", stays: "listen", ways: []way{
		{arg: "close"},
		{arg: "drop", loses: true},
		{arg: "exit", loses: true},
	}},
	{folder: "gorilla", program: "go", script: "main.go", stays: "listen", ways: []way{
		{arg: "close"},
		{arg: "drop", loses: true},
		{arg: "reset", loses: true},
		{arg: "exit", loses: true},
	}},
}
