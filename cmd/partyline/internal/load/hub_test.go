//go:build linux

package load

import (
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"partyline/hub"
)

// TestOneMessage says single messages to 10,000 members that cost nothing themselves, half
// of them in each format: a message is encoded once for a format, and a delivery
// allocates nothing.
func TestOneMessage(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("10,000 members are slow with the race detector")
	}
	const members, messages = 10_000, 50
	var taken atomic.Int64
	var encoded [2]atomic.Int64
	crowd := gather(t, members, func(i int) (*stub, hub.Caller) {
		codecs := [2]hub.Codec{counting{hub.Text, &encoded[0]}, counting{hub.JSON, &encoded[1]}}
		return &stub{taken: &taken}, hub.Caller{Via: "test", Format: hub.Format(i % 2), Codecs: codecs}
	})
	say := func() {
		want := taken.Load() + members
		crowd[0].lines <- []byte("hello, all of you")
		for taken.Load() < want {
			time.Sleep(100 * time.Microsecond)
		}
	}
	say() // what is made once
	var before, after runtime.MemStats
	encoded[0].Store(0)
	encoded[1].Store(0)
	runtime.ReadMemStats(&before)
	for range messages {
		say()
	}
	runtime.ReadMemStats(&after)
	for format := range encoded {
		if n := encoded[format].Load(); n != messages {
			t.Errorf("%d messages were encoded %d times in format %d", messages, n, format)
		}
	}
	allocations := float64(after.Mallocs-before.Mallocs) / messages
	t.Logf("%.1f allocations a message, %.5f a delivery", allocations, allocations/members)
	if allocations > members/100 {
		t.Errorf("%.1f allocations a message to %d members", allocations, members)
	}
}

// TestQuietRooms compares 1,000 rooms of one member with one room of 1,000, and with
// rooms that were left again.
func TestQuietRooms(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("memory is something else with the race detector")
	}
	const members, bound = 1000, 8 << 10
	caller := func(room string) hub.Caller {
		var nobody atomic.Int64
		c := counting{hub.Text, &nobody}
		return hub.Caller{Via: "test", Room: room, Codecs: [2]hub.Codec{c, c}}
	}
	use := func(room func(i int) string) (memory, goroutines int64) {
		m0, g0 := inUse()
		gather(t, members, func(i int) (*stub, hub.Caller) { return &stub{}, caller(room(i)) })
		time.Sleep(100 * time.Millisecond) // the last sweeps
		m1, g1 := inUse()
		return m1 - m0, g1 - g0
	}
	crowd, crowdGoroutines := use(func(int) string { return "crowd" })
	alone, aloneGoroutines := use(func(i int) string { return fmt.Sprintf("room-%d", i) })
	room := (alone - crowd) / members
	t.Logf("a quiet room costs %d bytes; %d members have %d goroutines in rooms of their own, %d in one room",
		room, members, aloneGoroutines, crowdGoroutines)
	if room > bound {
		t.Errorf("a quiet room costs %d bytes", room)
	}
	if aloneGoroutines > crowdGoroutines+members/100 {
		t.Error("a quiet room costs goroutines")
	}
}

// inUse returns the bytes of heap and stacks, and the goroutines.
func inUse() (memory, goroutines int64) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse), int64(runtime.NumGoroutine())
}

// gather puts members on the line of a hub of their own until the end of the test.
func gather(t *testing.T, n int, member func(i int) (*stub, hub.Caller)) []*stub {
	t.Helper()
	h := hub.New(hub.Options{Replay: -1})
	crowd := make([]*stub, n)
	for i := range crowd {
		s, who := member(i)
		s.lines, s.welcomed, s.closed = make(chan []byte), make(chan struct{}), make(chan struct{})
		crowd[i] = s
		go h.Serve(t.Context(), who, s)
		<-s.welcomed
	}
	t.Cleanup(func() { h.Shutdown(t.Context()) })
	time.Sleep(1500 * time.Millisecond) // until the crowd's arrival is told
	return crowd
}

// A stub is a member that takes everything at once.
type stub struct {
	lines    chan []byte
	taken    *atomic.Int64 // counts messages, where there is one
	welcomed chan struct{}
	closed   chan struct{}
	in       atomic.Bool
	ended    atomic.Bool
}

func (s *stub) ReadLine() ([]byte, error) {
	select {
	case line := <-s.lines:
		return line, nil
	case <-s.closed:
		return nil, io.EOF
	}
}

func (s *stub) Write(frames []byte) (int, error) { return s.TryWrite(frames) }

func (s *stub) TryWrite(frames []byte) (int, error) {
	if !s.in.Swap(true) {
		close(s.welcomed)
	} else if s.taken != nil {
		s.taken.Add(1)
	}
	return len(frames), nil
}

func (s *stub) Close(error) error {
	if !s.ended.Swap(true) {
		close(s.closed)
	}
	return nil
}

// counting is a codec that counts the messages that it encodes.
type counting struct {
	format   hub.Format
	messages *atomic.Int64
}

func (c counting) Append(dst []byte, e hub.Event) []byte {
	if _, ok := e.(*hub.Message); ok {
		c.messages.Add(1)
	}
	n := len(dst)
	if c.format == hub.JSON {
		dst = e.AppendJSON(dst)
	} else {
		dst = e.AppendText(dst)
	}
	if len(dst) == n {
		return dst
	}
	return append(dst, '\n')
}
