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

// A group is a set of members of one hub whose connections discard what they receive.
type group struct {
	hub     *hub.Hub
	members []*discardConn
	encoded [2]atomic.Int64 // encodings of messages, by format

	taken   atomic.Int64 // lines received
	want    atomic.Int64
	reached chan struct{}
}

// newGroup connects n members until the end of the test. The functions return the format and
// the room of member i. newGroup returns when the last member has its welcome.
func newGroup(tb testing.TB, n int, format func(i int) wire.Format, room func(i int) string) *group {
	tb.Helper()
	c := &group{hub: hub.New(hub.Options{Replay: -1, Journal: history.NewMemory(history.Retention{Messages: 1})}), reached: make(chan struct{}, 1)}
	c.want.Store(1 << 62)
	var serving sync.WaitGroup
	for i := range n {
		l := &discardConn{group: c, lines: make(chan []byte, 64), welcomed: make(chan struct{}), closed: make(chan struct{})}
		c.members = append(c.members, l)
		who := hub.Caller{
			Via: "test", Room: room(i), Format: format(i),
			Codecs: [2]hub.Codec{messageCounter{wire.Text, &c.encoded[wire.Text]}, messageCounter{wire.JSON, &c.encoded[wire.JSON]}},
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

func allText(int) wire.Format { return wire.Text }

func allInLobby(int) string { return "" }

// expect makes the group send to reached when its members have received that many more messages
// each.
func (c *group) expect(messages int) {
	c.want.Store(c.taken.Load() + int64(messages*len(c.members)))
}

// A discardConn is the connection of one member of a group. It counts lines and discards them.
// The member sends what is put into lines.
type discardConn struct {
	group    *group
	lines    chan []byte
	welcomed chan struct{}
	closed   chan struct{}
	in       bool
	ended    atomic.Bool
}

var (
	_ hub.Conn      = (*discardConn)(nil)
	_ hub.TryWriter = (*discardConn)(nil)
)

func (l *discardConn) ReadLine() ([]byte, error) {
	select {
	case line := <-l.lines:
		return line, nil
	case <-l.closed:
		return nil, io.EOF
	}
}

func (l *discardConn) Write(frames []byte) (int, error) { return l.TryWrite(frames) }

func (l *discardConn) TryWrite(frames []byte) (int, error) {
	lines := int64(bytes.Count(frames, []byte{'\n'}))
	taken := l.group.taken.Add(lines)
	if !l.in {
		l.in = true
		close(l.welcomed)
	}
	if want := l.group.want.Load(); taken >= want && taken-lines < want {
		l.group.reached <- struct{}{}
	}
	return len(frames), nil
}

func (l *discardConn) Close(error) error {
	if !l.ended.Swap(true) {
		close(l.closed)
	}
	return nil
}

// A messageCounter is a Codec that encodes messages and welcomes only, and counts the messages.
type messageCounter struct {
	format   wire.Format
	messages *atomic.Int64
}

func (c messageCounter) Append(dst []byte, e wire.Event) []byte {
	if _, ok := e.(*wire.Message); ok {
		c.messages.Add(1)
	} else if _, ok := e.(*wire.Welcome); !ok {
		return dst // so that each line after the welcome is a message
	}
	return hubtest.Codec{Format: c.format}.Append(dst, e)
}
