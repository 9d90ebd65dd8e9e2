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

	received atomic.Int64  // lines
	target   atomic.Int64  // value of received that is awaited
	reached  chan struct{} // gets a value when received reaches target
}

// newGroup connects n members until the end of the test. The functions return the format and
// the room of member i. newGroup returns when the last member has its welcome.
func newGroup(tb testing.TB, n int, format func(i int) wire.Format, room func(i int) string) *group {
	tb.Helper()
	g := &group{hub: hub.New(hub.Options{Replay: -1, Journal: history.NewMemory(history.Retention{Messages: 1})}), reached: make(chan struct{}, 1)}
	g.target.Store(1 << 62)
	var serving sync.WaitGroup
	for i := range n {
		c := &discardConn{group: g, lines: make(chan []byte, 64), welcomed: make(chan struct{}), closed: make(chan struct{})}
		g.members = append(g.members, c)
		caller := hub.Caller{
			Via: "test", Room: room(i), Format: format(i),
			Codecs: [2]hub.Codec{messageCounter{wire.Text, &g.encoded[wire.Text]}, messageCounter{wire.JSON, &g.encoded[wire.JSON]}},
		}
		serving.Go(func() { g.hub.Serve(context.Background(), &caller, c) })
		<-c.welcomed
	}
	tb.Cleanup(func() {
		g.hub.Shutdown(context.Background())
		serving.Wait()
	})
	return g
}

func allText(int) wire.Format { return wire.Text }

func allInLobby(int) string { return "" }

// expect sets the target to that many more messages for each member.
func (g *group) expect(messages int) {
	g.target.Store(g.received.Load() + int64(messages*len(g.members)))
}

// A discardConn is the connection of one member of a group. It counts lines and discards them.
// The member sends what is put into lines.
type discardConn struct {
	group    *group
	lines    chan []byte
	welcomed chan struct{}
	closed   chan struct{}
	greeted  bool
	ended    atomic.Bool
}

var (
	_ hub.Conn      = (*discardConn)(nil)
	_ hub.TryWriter = (*discardConn)(nil)
)

func (c *discardConn) ReadLine() ([]byte, error) {
	select {
	case line := <-c.lines:
		return line, nil
	case <-c.closed:
		return nil, io.EOF
	}
}

func (c *discardConn) Write(frames []byte) (int, error) { return c.TryWrite(frames) }

func (c *discardConn) TryWrite(frames []byte) (int, error) {
	lines := int64(bytes.Count(frames, []byte{'\n'}))
	received := c.group.received.Add(lines)
	if !c.greeted {
		c.greeted = true
		close(c.welcomed)
	}
	if target := c.group.target.Load(); received >= target && received-lines < target {
		c.group.reached <- struct{}{}
	}
	return len(frames), nil
}

func (c *discardConn) Close(error) error {
	if !c.ended.Swap(true) {
		close(c.closed)
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
