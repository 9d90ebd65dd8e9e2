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

// A Door lets the table of inputs in through a transport.
type Door struct {
	Name string // as in the table
	// Open serves a hub behind the door as long as the test lives, and returns how
	// members come in.
	Open func(t *testing.T, h *hub.Hub) (connect func(f wire.Format) Client)
}

// A Client is a member's end of a real connection, byte for byte.
type Client interface {
	// Send sends data as one line or message of the kind.
	Send(kind Kind, data []byte)
	// Receive returns the next event, which may be of several lines, or how the
	// connection ended: "eof", or a close code. The first event is the welcome in the
	// client's format.
	Receive() (event, end string)
	// Leave ends the member's side in good order.
	Leave()
}

// Kind says how bytes are sent.
type Kind int

// The kinds. A transport has LineOfText and one of the others.
const (
	LineOfText    Kind = iota // a line with its ending, or a text message
	RawBytes                  // just these bytes
	BinaryMessage             // a binary message
)

func (k Kind) String() string { return [...]string{"line", "raw", "binary"}[k] }

// sentinel is what the sender says behind its input. When it comes, all else has come.
const sentinel = "that was all"

// TestInputs sends every input of the table at path through a door, and checks what comes
// of it: first an input, then a sentinel, so that nothing means nothing.
func TestInputs(t *testing.T, door Door, path string) {
	inputs, err := readInputs(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range inputs {
		want, ok := in.doors[door.Name]
		if !ok {
			continue
		}
		t.Run(in.what, func(t *testing.T) {
			t.Parallel()
			h := hub.New(hub.Options{})
			t.Cleanup(func() { h.Shutdown(context.Background()) })
			got := in.run(t, door.Open(t, h), want.end != "")
			compare(t, "the sender gets", got.sender, want.sender)
			compare(t, "the others get", got.others, want.others)
			if got.end != want.end {
				t.Errorf("the end is %q, want %q", got.end, want.end)
			}
		})
	}
}

// run lets in bob and the sender, and returns what comes of the input. ends says that the
// sender's connection is expected to end.
func (in *input) run(t *testing.T, connect func(wire.Format) Client, ends bool) (got result) {
	bob := &ear{client: connect(wire.Text)}
	bob.listen(t, "(1 here)")
	bob.client.Send(LineOfText, []byte("/nick bob"))
	bob.listen(t, "is now known as bob")

	sender := &ear{json: in.json}
	format := wire.Text
	if in.json {
		format = wire.JSON
	}
	sender.client = connect(format)
	sender.listen(t, "")
	bob.name = sender.name

	for _, s := range in.sent {
		sender.client.Send(s.kind, s.data)
		if s.await != "" {
			got.sender = append(got.sender, sender.listen(t, s.await)...)
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
		last, got.end = sender.listenToEnd(t)
		got.sender = append(got.sender, last...)
		bob.client.Send(LineOfText, []byte(sentinel))
	} else {
		got.sender = append(got.sender, sender.listen(t, sentinel)...)
		got.sender = got.sender[:len(got.sender)-1]
	}
	got.others = bob.listen(t, sentinel)
	got.others = got.others[:len(got.others)-1]
	// That the sender came, and that it left if it had to, is no news.
	if len(got.others) > 0 && got.others[0] == "* ME has arrived" {
		got.others = got.others[1:]
	}
	if last := len(got.others) - 1; ends && last >= 0 && got.others[last] == "* ME has left" {
		got.others = got.others[:last]
	}
	return got
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = answersFirst(got), answersFirst(want)
	if !slices.EqualFunc(got, want, matches) {
		t.Errorf("%s\n%.1000s\nwant\n%.1000s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// matches compares what came with what is expected, where "…" stands for anything.
func matches(got, want string) bool {
	before, behind, any := strings.Cut(expand(want), "…")
	if !any {
		return got == before
	}
	return len(got) >= len(before)+len(behind) &&
		strings.HasPrefix(got, before) && strings.HasSuffix(got, behind)
}
