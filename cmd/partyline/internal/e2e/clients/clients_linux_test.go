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

// hangUpsEnv is the environment variable with the number of runs of each way in which a client disconnects.
// `make hangups` sets it.
const hangUpsEnv = "HANGUPS"

// TestClients runs each client. The client joins, says lines and disconnects, in each of its ways. In
// another run it stays until the server stops. Other members must receive all lines that have reached the
// server's kernel.
func TestClients(t *testing.T) {
	for _, c := range clients {
		c.name = cmp.Or(c.name, c.folder)
		c.script = cmp.Or(c.script, "client.sh")
		c.ways = append(slices.Clip(c.ways), way{arg: c.stays, name: "killed", end: signals(syscall.SIGKILL), late: true, loses: true})
		t.Run(c.name, func(t *testing.T) {
			if !c.short {
				harness.SkipIfShort(t)
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
			h.checkDisconnects(t, w)
		}) && t.Run(w.String()+", paced", func(t *testing.T) { paced.checkDisconnects(t, w) })
		if !ok {
			return // the observer may still receive lines of this run
		}
	}
	t.Run("goodbye", h.goodbye)
}

// visit runs the client once: it joins, says lines, and disconnects. If the way allows it, the last line has
// no line ending.
func (h *host) visit(t *testing.T, w way) {
	p := h.start(t, w.arg)
	p.Say(t, "hello")
	nick := harness.ExpectLine(t, h.observer.Out, `\* (\S+) has arrived`)[0]
	harness.ExpectLine(t, h.observer.Out, nick+": hello")
	h.observer.Say(t, "welcome")
	harness.ExpectLine(t, h.observer.Out, `\S+: welcome`)
	if w.arg == h.client.stays && !h.client.blocks {
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
	w.disconnect(p)
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

// checkDisconnects calls checkDisconnect several times.
func (h *host) checkDisconnects(t *testing.T, w way) {
	runs, err := strconv.Atoi(os.Getenv(hangUpsEnv))
	if err != nil {
		if runs = 3; w.slow || testing.Short() {
			runs = 1
		}
	}
	for i := range runs {
		if !t.Run(strconv.Itoa(i), func(t *testing.T) { h.checkDisconnect(t, w, i) }) {
			return
		}
	}
}

// checkDisconnect lets the client say 40 lines and disconnect. It compares the lines that the observer receives with
// the data that the client sent.
func (h *host) checkDisconnect(t *testing.T, w way, n int) {
	index := h.started
	said := make([]string, 40) // each line ends in a full stop, so that no line contains another
	for i := range said {
		said[i] = fmt.Sprintf("client %d, line %d.", index, i)
	}
	p := h.start(t, w.arg)
	if _, err := io.WriteString(p.Stdin, strings.Join(said, "\n")+"\n"); err != nil {
		t.Fatal(err)
	}
	if !w.late {
		w.disconnect(p)
	}
	received := 0
	for left := false; !left; {
		line, err := h.observer.Out.Await(func(line string) bool { return !strings.HasSuffix(line, " has arrived") })
		switch {
		case err != nil:
			t.Fatalf("the notice that the client left %v", err)
		case received < len(said) && strings.HasSuffix(line, ": "+said[received]):
			if received++; w.late && received == 1+n%len(said) {
				w.disconnect(p)
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
