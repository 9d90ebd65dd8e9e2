package screen

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"partyline/client"
)

// An output is what a program writes to its terminal.
type output struct {
	mu      sync.Mutex
	b       bytes.Buffer
	written chan struct{} // has room for one element
}

func newOutput() *output { return &output{written: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.written <- struct{}{}:
	default:
	}
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// await waits until a text is written.
func (o *output) await(t *testing.T, text string) {
	t.Helper()
	timeout := time.After(patience)
	for !strings.Contains(o.String(), text) {
		select {
		case <-o.written:
		case <-timeout:
			t.Fatalf("%q is not written: %.4000q", text, o)
		}
	}
}

// Modes of a terminal.
const (
	alternateScreen = "\x1b[?1049h"
	mainScreen      = "\x1b[?1049l"
	mouseOn         = "\x1b[?1002h"
	mouseOff        = "\x1b[?1002l"
	pasteOn         = "\x1b[?2004h"
	pasteOff        = "\x1b[?2004l"
	showCursor      = "\x1b[?25h"
)

// TestRun checks that the modes of the terminal are restored however the program ends.
func TestRun(t *testing.T) {
	address := startServer(t)
	for _, test := range []struct {
		name   string
		inline bool
		end    func(cancel context.CancelFunc, keys io.Writer, broken *atomic.Bool)
		err    string
	}{
		{"quit", false, func(_ context.CancelFunc, keys io.Writer, _ *atomic.Bool) { io.WriteString(keys, "/quit\r") }, ""},
		{"signal", false, func(cancel context.CancelFunc, _ io.Writer, _ *atomic.Bool) { cancel() }, ""},
		{"panic", false, func(_ context.CancelFunc, keys io.Writer, broken *atomic.Bool) {
			broken.Store(true)
			io.WriteString(keys, "x")
		}, "panicked"},
		{"inline", true, func(_ context.CancelFunc, keys io.Writer, _ *atomic.Bool) { io.WriteString(keys, "\x03") }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			in, keys := io.Pipe()
			defer keys.Close()
			out := newOutput()
			c := dial(t, address, client.Options{})
			m := newModel(ctx, Options{Client: c, Inline: test.inline, In: in, Out: out})
			var broken atomic.Bool
			m.now = func() time.Time {
				if broken.Load() {
					panic("panic of a test")
				}
				return time.Now()
			}
			m.start(c)
			result := make(chan error, 1)
			go func() { result <- m.run(ctx, cancel) }()
			out.await(t, "member") // of the status line, which is written in parts
			if on := out.String(); strings.Contains(on, alternateScreen) == test.inline || strings.Contains(on, mouseOn) == test.inline || !strings.Contains(on, pasteOn) {
				t.Errorf("inline %v: the modes are not set: %q", test.inline, on)
			}
			test.end(func() { cancel(nil) }, keys, &broken)
			err := <-result
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("the error is %v", err)
			}
			end := out.String()
			for _, pair := range [][2]string{{alternateScreen, mainScreen}, {mouseOn, mouseOff}, {pasteOn, pasteOff}} {
				if strings.LastIndex(end, pair[0]) > strings.LastIndex(end, pair[1]) {
					t.Errorf("%q is not undone", pair[0])
				}
			}
			if hidden := strings.LastIndex(end, "\x1b[?25l"); hidden > strings.LastIndex(end, showCursor) {
				t.Error("the cursor stays hidden")
			}
		})
	}
}
