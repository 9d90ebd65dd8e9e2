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

// hangUps in the environment says how often each client hangs up in each of its ways;
// `make hangups` sets it.
const hangUps = "HANGUPS"

// A client is a program that connects. It says the lines that it reads and prints what it
// receives.
type client struct {
	folder   string // of its script, in testdata
	name     string // the folder's if empty
	program  string // what has to be installed
	module   string // of Python or Node, which has to be installed too
	script   string // client.sh if empty; a Go program is built first
	terminal bool   // it runs on a terminal
	stays    string // the argument with which it reads on until the server ends
	blocks   bool   // it receives nothing while it waits for its input
	main     bool   // it is tested in short mode too
	ways     []way  // in which it hangs up
}

// A way is one in which a client hangs up.
type way struct {
	start string                 // the argument of the client's script
	name  string                 // that argument if empty
	end   func(*harness.Process) // what makes it hang up, if not the end of its input
	reads bool                   // it ends its side and reads to the end
	late  bool                   // it hangs up only when the others have heard a part
	loses bool                   // its kernel may discard what it has not sent yet
	slow  bool                   // it takes a second or two
}

func (w way) String() string { return cmp.Or(w.name, w.start) }

// endOfInput closes a client's input, or its terminal.
func endOfInput(p *harness.Process) { p.Stdin.Close() }

func signals(s syscall.Signal) func(*harness.Process) {
	return func(p *harness.Process) { syscall.Kill(-p.Cmd.Process.Pid, s) }
}

func types(keys ...string) func(*harness.Process) {
	return func(p *harness.Process) { p.Stdin.Write([]byte(strings.Join(keys, ""))) }
}

// TestClients runs each client: it arrives, talks, hangs up in each of its ways and, once
// more, stays until the server says goodbye. Whatever the way, the others hear every line
// that the server's kernel has received.
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
			return // what comes next at the witness is not known
		}
	}
	t.Run("goodbye", h.goodbye)
}

// visit lets the client arrive, say lines of which the last has no line ending, and leave.
func (h *host) visit(t *testing.T, w way) {
	p := h.start(t, w.start)
	p.Say(t, "hello")
	nick := harness.ExpectLine(t, h.witness.Out, `\* (\S+) has arrived`)[0]
	harness.ExpectLine(t, h.witness.Out, nick+": hello")
	h.witness.Say(t, "welcome")
	harness.ExpectLine(t, h.witness.Out, `\S+: welcome`)
	if w.start == h.client.stays && !h.client.blocks {
		shows(t, p, nick+": hello")
		shows(t, p, ": welcome")
	}
	last := "two"
	if w.end != nil || w.loses {
		last = "two\n" // it may not send what stands unterminated
	}
	p.Stdin.Write([]byte("one\n" + last))
	if w.loses {
		harness.ExpectLine(t, h.witness.Out, nick+": two")
	}
	w.hangUp(p)
	if !w.loses {
		harness.ExpectLine(t, h.witness.Out, nick+": one")
		harness.ExpectLine(t, h.witness.Out, nick+": two")
	}
	harness.ExpectLine(t, h.witness.Out, `\* `+nick+" has left")
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

// goodbye ends the server while the client listens.
func (h *host) goodbye(t *testing.T) {
	p := h.start(t, h.client.stays)
	p.Say(t, "still here")
	harness.ExpectLine(t, h.witness.Out, `\S+: still here`)
	if h.client.blocks {
		endOfInput(p)
	}
	h.Signal(t, syscall.SIGTERM)
	if code := h.ExitCode(t, harness.Patience); code != 0 {
		t.Errorf("exit code %d", code)
	}
	shows(t, p, "-- goodbye: the server is restarting")
}

// hangUps lets the client say something and hang up, again and again.
func (h *host) hangUps(t *testing.T, w way) {
	often, err := strconv.Atoi(os.Getenv(hangUps))
	if err != nil {
		if often = 3; w.slow || testing.Short() {
			often = 1
		}
	}
	for i := range often {
		if !t.Run(strconv.Itoa(i), func(t *testing.T) { h.hangUp(t, w, i) }) {
			return
		}
	}
}

// hangUp lets the client say 40 lines and hang up. It compares what the others hear with what
// the client has sent.
func (h *host) hangUp(t *testing.T, w way, n int) {
	visitor := h.visitors
	said := make([]string, 40) // each ends in a full stop, so that none contains another
	for i := range said {
		said[i] = fmt.Sprintf("visitor %d, line %d.", visitor, i)
	}
	p := h.start(t, w.start)
	if _, err := io.WriteString(p.Stdin, strings.Join(said, "\n")+"\n"); err != nil {
		t.Fatal(err)
	}
	if !w.late {
		w.hangUp(p)
	}
	heard := 0
	for gone := false; !gone; {
		line, err := h.witness.Out.Await(func(line string) bool { return !strings.HasSuffix(line, " has arrived") })
		switch {
		case err != nil:
			t.Fatalf("that it has left %v", err)
		case heard < len(said) && strings.HasSuffix(line, ": "+said[heard]):
			if heard++; w.late && heard == 1+n%len(said) {
				w.hangUp(p)
			}
		default:
			if gone = strings.HasSuffix(line, " has left"); !gone {
				t.Fatalf("in the place of %q it hears %q", said[heard], line)
			}
		}
	}
	<-p.Exited
	if h.packets == nil {
		if !w.loses && heard < len(said) {
			t.Errorf("%d lines are heard of %d", heard, len(said))
		}
		return
	}
	sent := h.packets.received(t, visitor)
	if h.client.overWebSocket() {
		sent = unmask(sent)
	}
	received := len(said)
	for received > 0 && !bytes.Contains(sent, []byte(said[received-1])) {
		received--
	}
	if heard < received {
		t.Errorf("%d lines are heard of %d that the server's kernel has received", heard, received)
	}
	if received < len(said) && !w.loses {
		t.Errorf("the client has sent %d lines of %d", received, len(said))
	}
}
