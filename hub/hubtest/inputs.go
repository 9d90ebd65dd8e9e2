package hubtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"partyline/hub"
	"partyline/hub/wire"
)

// A Transport is a transport to test with the table of inputs.
type Transport struct {
	Name string // as in the table: "tcp" or "ws"
	// Open serves h over the transport until the test ends. It returns a function that
	// connects a client.
	Open func(t *testing.T, h *hub.Hub) (connect func(f wire.Format) Client)
}

// A Client is the member's end of a connection.
type Client interface {
	// Send sends data as one line or message of the kind.
	Send(kind Kind, data []byte)
	// Receive returns the next event, which may have several lines. If the connection
	// ended, it returns "eof" or a close code as end. The first event is the welcome in
	// the client's format.
	Receive() (event, end string)
	// Leave ends the member's side cleanly.
	Leave()
}

// A Kind says how a Client sends bytes.
type Kind int

// The kinds. A transport supports LineOfText and one of the others.
const (
	LineOfText    Kind = iota // a line with its ending, or a text message
	RawBytes                  // the bytes without a line ending
	BinaryMessage             // a binary message
)

// String returns the name of the kind in the table.
func (k Kind) String() string { return [...]string{"line", "raw", "binary"}[k] }

// sentinel is what the sender says after its input. All other events arrive before it.
const sentinel = "that was all"

// TestInputs sends every input of the table at path over a transport, and checks what the
// sender and another member receive up to the sentinel.
func TestInputs(t *testing.T, transport Transport, path string) {
	inputs, err := readInputs(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range inputs {
		want, ok := in.results[transport.Name]
		if !ok {
			continue
		}
		t.Run(in.what, func(t *testing.T) {
			t.Parallel()
			h := hub.New(hub.Options{})
			t.Cleanup(func() { h.Shutdown(context.Background()) })
			got := in.run(t, transport.Open(t, h), want.end != "")
			compare(t, "the sender gets", got.sender, want.sender)
			compare(t, "the others get", got.others, want.others)
			if got.end != want.end {
				t.Errorf("the end is %q, want %q", got.end, want.end)
			}
		})
	}
}

// run connects bob and the sender, sends the input and returns the result. ends says that the
// sender's connection is expected to end.
func (in *input) run(t *testing.T, connect func(wire.Format) Client, ends bool) (got result) {
	bob := &checker{client: connect(wire.Text)}
	bob.readTo(t, "(1 here)")
	bob.client.Send(LineOfText, []byte("/nick bob"))
	bob.readTo(t, "is now known as bob")

	sender := &checker{json: in.json}
	format := wire.Text
	if in.json {
		format = wire.JSON
	}
	sender.client = connect(format)
	sender.readTo(t, "")
	bob.name = sender.name

	for _, s := range in.sent {
		sender.client.Send(s.kind, s.data)
		if s.await != "" {
			got.sender = append(got.sender, sender.readTo(t, s.await)...)
		}
	}
	switch {
	case in.leaves:
		sender.client.Leave()
	case !ends:
		say := sentinel
		if in.json {
			say = fmt.Sprintf(`{"type":"say","text":%q}`, sentinel)
		}
		sender.client.Send(LineOfText, []byte(say))
	}
	if ends {
		var last []string
		last, got.end = sender.readToEnd(t)
		got.sender = append(got.sender, last...)
		bob.client.Send(LineOfText, []byte(sentinel))
	} else {
		got.sender = append(got.sender, sender.readTo(t, sentinel)...)
		got.sender = got.sender[:len(got.sender)-1]
	}
	got.others = bob.readTo(t, sentinel)
	got.others = got.others[:len(got.others)-1]
	// The table omits that the sender joined, and that it left if its connection ended.
	if len(got.others) > 0 && got.others[0] == "* ME has arrived" {
		got.others = got.others[1:]
	}
	if last := len(got.others) - 1; ends && last >= 0 && got.others[last] == "* ME has left" {
		got.others = got.others[:last]
	}
	return got
}

// compare checks the events that a client received.
func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = answersFirst(got), answersFirst(want)
	if !slices.EqualFunc(got, want, matches) {
		t.Errorf("%s\n%.1000s\nwant\n%.1000s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// matches reports whether an event is the expected one, in which "…" stands for any text.
func matches(got, want string) bool {
	before, after, any := strings.Cut(expand(want), "…")
	if !any {
		return got == before
	}
	return len(got) >= len(before)+len(after) &&
		strings.HasPrefix(got, before) && strings.HasSuffix(got, after)
}
