package clients

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// hangUps is the environment variable with the number of runs of each way in which a client disconnects.
// `make hangups` sets it.
const hangUps = "HANGUPS"

// A client is a program that connects to the server. It sends the lines of its standard input and prints
// what it receives.
type client struct {
	folder   string // the directory of the script in testdata
	name     string // folder if empty
	program  string // the program that must be installed
	module   string // a module of Python or Node that must be installed too
	script   string // client.sh if empty; a Go program is built first
	terminal bool   // it runs on a terminal
	stays    string // the argument with which it reads until the server stops
	blocks   bool   // it does not receive while it waits for its input
	main     bool   // it is tested with -short too
	ways     []way  // the ways in which it disconnects
}

// A way is a way in which a client disconnects.
type way struct {
	start string                 // the argument of the client's script
	name  string                 // start if empty
	end   func(*harness.Process) // makes it disconnect; nil for the end of its input
	reads bool                   // it closes its sending side and reads until EOF
	late  bool                   // it disconnects after the observer has received some of its lines
	loses bool                   // its kernel may discard data that is not sent yet
	slow  bool                   // it takes a second or two
}

func (w way) String() string { return cmp.Or(w.name, w.start) }

// endOfInput closes a client's standard input, or its terminal.
func endOfInput(p *harness.Process) { p.Stdin.Close() }

func signals(s syscall.Signal) func(*harness.Process) {
	return func(p *harness.Process) { syscall.Kill(-p.Cmd.Process.Pid, s) }
}

func types(keys ...string) func(*harness.Process) {
	return func(p *harness.Process) { p.Stdin.Write([]byte(strings.Join(keys, ""))) }
}

// TestClients runs each client. The client joins, says lines and disconnects, in each of its ways. In
// another run it stays until the server stops. Other members must receive all lines that have reached the
// server's kernel.
func TestClients(t *testing.T) {
	for _, c := range clients {
		c.name = cmp.Or(c.name, c.folder)
		c.script = cmp.Or(c.script, "client.sh")
		c.ways = append(slices.Clip(c.ways), way{start: c.stays, name: "killed", end: signals(syscall.SIGKILL), late: true, loses: true})
		t.Run(c.name, func(t *testing.T) {
			if !c.main {
				harness.Long(t)
			}
			t.Parallel()
			c.test(t)
		})
	}
}

func (c *client) test(t *testing.T) {
	harness.NeedProgram(t, c.program)
	c.needModule(t)
	h := newHost(t, c, "--rate", "0")
	paced := newHost(t, c, "--rate", "200", "--burst", "20")
	for _, w := range c.ways {
		ok := t.Run(w.String(), func(t *testing.T) {
			h.visit(t, w)
			h.hangUps(t, w)
		}) && t.Run(w.String()+", paced", func(t *testing.T) { paced.hangUps(t, w) })
		if !ok {
			return // the observer may still receive lines of this run
		}
	}
	t.Run("goodbye", h.goodbye)
}

// visit runs the client once: it joins, says lines, and disconnects. If the way allows it, the last line has
// no line ending.
func (h *host) visit(t *testing.T, w way) {
	p := h.start(t, w.start)
	p.Say(t, "hello")
	nick := harness.ExpectLine(t, h.observer.Out, `\* (\S+) has arrived`)[0]
	harness.ExpectLine(t, h.observer.Out, nick+": hello")
	h.observer.Say(t, "welcome")
	harness.ExpectLine(t, h.observer.Out, `\S+: welcome`)
	if w.start == h.client.stays && !h.client.blocks {
		shows(t, p, nick+": hello")
		shows(t, p, ": welcome")
	}
	last := "two"
	if w.end != nil || w.loses {
		last = "two\n" // it may not send a line without an ending
	}
	p.Stdin.Write([]byte("one\n" + last))
	if w.loses {
		harness.ExpectLine(t, h.observer.Out, nick+": two")
	}
	w.hangUp(p)
	if !w.loses {
		harness.ExpectLine(t, h.observer.Out, nick+": one")
		harness.ExpectLine(t, h.observer.Out, nick+": two")
	}
	harness.ExpectLine(t, h.observer.Out, `\* `+nick+" has left")
	<-p.Exited
	if w.reads {
		shows(t, p, nick+": two")
	}
}

func (w way) hangUp(p *harness.Process) {
	if w.end == nil {
		endOfInput(p)
	} else {
		w.end(p)
	}
}

// goodbye stops the server while the client is connected.
func (h *host) goodbye(t *testing.T) {
	p := h.start(t, h.client.stays)
	p.Say(t, "still here")
	harness.ExpectLine(t, h.observer.Out, `\S+: still here`)
	if h.client.blocks {
		endOfInput(p)
	}
	h.Signal(t, syscall.SIGTERM)
	if code := h.ExitCode(t, harness.Patience); code != 0 {
		t.Errorf("exit code %d", code)
	}
	shows(t, p, "-- goodbye: the server is restarting")
}

// hangUps runs hangUp several times.
func (h *host) hangUps(t *testing.T, w way) {
	runs, err := strconv.Atoi(os.Getenv(hangUps))
	if err != nil {
		if runs = 3; w.slow || testing.Short() {
			runs = 1
		}
	}
	for i := range runs {
		if !t.Run(strconv.Itoa(i), func(t *testing.T) { h.hangUp(t, w, i) }) {
			return
		}
	}
}

// hangUp lets the client say 40 lines and disconnect. It compares the lines that the observer receives with
// the data that the client sent.
func (h *host) hangUp(t *testing.T, w way, n int) {
	index := h.started
	said := make([]string, 40) // the full stop makes sure that no line contains another
	for i := range said {
		said[i] = fmt.Sprintf("client %d, line %d.", index, i)
	}
	p := h.start(t, w.start)
	if _, err := io.WriteString(p.Stdin, strings.Join(said, "\n")+"\n"); err != nil {
		t.Fatal(err)
	}
	if !w.late {
		w.hangUp(p)
	}
	received := 0
	for left := false; !left; {
		line, err := h.observer.Out.Await(func(line string) bool { return !strings.HasSuffix(line, " has arrived") })
		switch {
		case err != nil:
			t.Fatalf("the notice that the client left %v", err)
		case received < len(said) && strings.HasSuffix(line, ": "+said[received]):
			if received++; w.late && received == 1+n%len(said) {
				w.hangUp(p)
			}
		default:
			if left = strings.HasSuffix(line, " has left"); !left {
				t.Fatalf("the observer received %[2]q, want %[1]q", said[received], line)
			}
		}
	}
	<-p.Exited
	if h.packets == nil {
		if !w.loses && received < len(said) {
			t.Errorf("the observer received %d lines of %d", received, len(said))
		}
		return
	}
	sent := h.packets.received(t, index)
	if h.client.overWebSocket() {
		sent = unmask(sent)
	}
	arrived := len(said)
	for arrived > 0 && !bytes.Contains(sent, []byte(said[arrived-1])) {
		arrived--
	}
	if received < arrived {
		t.Errorf("the observer received %d lines of %d that reached the server's kernel", received, arrived)
	}
	if arrived < len(said) && !w.loses {
		t.Errorf("the client sent %d lines of %d", arrived, len(said))
	}
}
