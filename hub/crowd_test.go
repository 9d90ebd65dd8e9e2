package hub_test

import (
	"bytes"
	"context"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

// A crowd is members of one hub who take everything at once and cost nothing themselves.
type crowd struct {
	hub     *hub.Hub
	members []*listener
	encoded [2]atomic.Int64 // messages, by format

	taken   atomic.Int64 // lines
	want    atomic.Int64
	reached chan struct{}
}

// gather puts n members on the line, of whom each has the format and the room that the
// functions say, until the end of the test. It returns when the last one is welcomed.
func gather(tb testing.TB, n int, format func(i int) wire.Format, room func(i int) string) *crowd {
	tb.Helper()
	c := &crowd{hub: hub.New(hub.Options{Replay: -1, Journal: history.NewMemory(history.Retention{Messages: 1})}), reached: make(chan struct{}, 1)}
	c.want.Store(1 << 62)
	var serving sync.WaitGroup
	for i := range n {
		l := &listener{crowd: c, lines: make(chan []byte, 64), welcomed: make(chan struct{}), closed: make(chan struct{})}
		c.members = append(c.members, l)
		who := hub.Caller{
			Via: "test", Room: room(i), Format: format(i),
			Codecs: [2]hub.Codec{tally{wire.Text, &c.encoded[wire.Text]}, tally{wire.JSON, &c.encoded[wire.JSON]}},
		}
		serving.Go(func() { c.hub.Serve(context.Background(), who, l) })
		<-l.welcomed
	}
	tb.Cleanup(func() {
		c.hub.Shutdown(context.Background())
		serving.Wait()
	})
	return c
}

func inText(int) wire.Format { return wire.Text }

func inLobby(int) string { return "" }

// expect makes reached tell when everybody has taken so many messages more.
func (c *crowd) expect(messages int) {
	c.want.Store(c.taken.Load() + int64(messages*len(c.members)))
}

// A listener is one of a crowd. What its lines say, it says.
type listener struct {
	crowd    *crowd
	lines    chan []byte
	welcomed chan struct{}
	closed   chan struct{}
	in       bool
	ended    atomic.Bool
}

var (
	_ hub.Conn      = (*listener)(nil)
	_ hub.TryWriter = (*listener)(nil)
)

func (l *listener) ReadLine() ([]byte, error) {
	select {
	case line := <-l.lines:
		return line, nil
	case <-l.closed:
		return nil, io.EOF
	}
}

func (l *listener) Write(frames []byte) (int, error) { return l.TryWrite(frames) }

func (l *listener) TryWrite(frames []byte) (int, error) {
	lines := int64(bytes.Count(frames, []byte{'\n'}))
	taken := l.crowd.taken.Add(lines)
	if !l.in {
		l.in = true
		close(l.welcomed)
	}
	if want := l.crowd.want.Load(); taken >= want && taken-lines < want {
		l.crowd.reached <- struct{}{}
	}
	return len(frames), nil
}

func (l *listener) Close(error) error {
	if !l.ended.Swap(true) {
		close(l.closed)
	}
	return nil
}

// tally is a codec that counts the messages that it encodes.
type tally struct {
	format   wire.Format
	messages *atomic.Int64
}

func (c tally) Append(dst []byte, e wire.Event) []byte {
	if _, ok := e.(*wire.Message); ok {
		c.messages.Add(1)
	} else if _, ok := e.(*wire.Welcome); !ok {
		return dst // nothing else, so that lines are messages
	}
	return hubtest.Lines{Format: c.format}.Append(dst, e)
}
