package hub_test

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"

	"partyline/hub/wire"
)

// TestOneMessage says single messages to 10,000 members, half of them in each format. A message
// is encoded once per format, and a delivery allocates nothing.
func TestOneMessage(t *testing.T) {
	members, messages := 10_000, 50
	if raceEnabled {
		members = 1000
	}
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, members, func(i int) wire.Format { return wire.Format(i % 2) }, allInLobby)
		say := func() {
			before := g.received.Load()
			g.members[0].lines <- []byte("hello, all of you")
			synctest.Wait()
			if n := g.received.Load() - before; n != int64(members) {
				t.Fatalf("%d members received the message, not %d", n, members)
			}
		}
		say() // allocates what is kept
		before := mallocs()
		encoded := [2]int64{g.encoded[0].Load(), g.encoded[1].Load()}
		for range messages {
			say()
		}
		allocations := float64(mallocs()-before) / float64(messages)
		for format := range encoded {
			if n := g.encoded[format].Load() - encoded[format]; n != int64(messages) {
				t.Errorf("%d messages were encoded %d times in format %d", messages, n, format)
			}
		}
		if !raceEnabled && allocations > float64(members)/100 {
			t.Errorf("%.1f allocations a message to %d members", allocations, members)
		}
	})
}

// TestQuietRooms compares 1,000 rooms of one member with one room of 1,000. A quiet room needs
// no goroutine and little memory.
func TestQuietRooms(t *testing.T) {
	const members, bound = 1000, 8 << 10
	use := func(room func(i int) string) (memory, goroutines int64) {
		synctest.Test(t, func(t *testing.T) {
			m0, g0 := usage()
			newGroup(t, members, allText, room)
			synctest.Wait() // until the last sweeps end
			m1, g1 := usage()
			memory, goroutines = m1-m0, g1-g0
		})
		return memory, goroutines
	}
	one, oneGoroutines := use(allInLobby)
	many, manyGoroutines := use(func(i int) string { return fmt.Sprint("room-", i) })
	if room := (many - one) / members; !raceEnabled && room > bound { // the race detector needs more memory
		t.Errorf("a quiet room costs %d bytes", room)
	}
	if manyGoroutines > oneGoroutines {
		t.Errorf("%d members have %d goroutines in one room, and %d in rooms of their own", members, oneGoroutines, manyGoroutines)
	}
}

// TestTidy has 200 rooms be busy and then quiet. Tidy releases the memory that they needed, and
// they still deliver messages.
func TestTidy(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector needs more memory")
	}
	synctest.Test(t, func(t *testing.T) {
		const rooms, bound = 200, 8 << 10
		g := newGroup(t, rooms, allText, func(i int) string { return fmt.Sprint("room-", i) })
		before, _ := usage()
		line := []byte(fmt.Sprintf("%01000d", 0))
		for range 20 {
			for _, m := range g.members {
				for range 10 {
					m.lines <- line
				}
			}
			synctest.Wait()
		}
		busy, _ := usage()
		g.hub.Tidy()
		synctest.Wait()
		g.hub.Tidy()
		synctest.Wait()
		quiet, _ := usage()
		if (busy-before)/rooms < largeTail || (quiet-before)/rooms > bound {
			t.Errorf("a busy room costs %d bytes and a quiet one %d", (busy-before)/rooms, (quiet-before)/rooms)
		}
		taken := g.received.Load()
		g.members[7].lines <- line
		synctest.Wait()
		if n := g.received.Load() - taken; n != 1 {
			t.Errorf("after Tidy, a message was received %d times", n)
		}
	})
}

// largeTail is the least number of bytes that a busy stream keeps.
const largeTail = 32 << 10

// usage returns the bytes that heap and stacks use, and the number of goroutines.
func usage() (memory, goroutines int64) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse), int64(runtime.NumGoroutine())
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// BenchmarkSay says one message at a time to members whose connections discard it.
func BenchmarkSay(b *testing.B) {
	for _, format := range []wire.Format{wire.Text, wire.JSON} {
		for _, members := range []int{1, 100, 10_000} {
			b.Run(fmt.Sprintf("format=%v/members=%d", formatName(format), members), func(b *testing.B) {
				g := newGroup(b, members, func(int) wire.Format { return format }, allInLobby)
				line := lineIn(format)
				before := mallocs()
				for b.Loop() {
					g.expect(1)
					g.members[0].lines <- line
					<-g.reached
				}
				report(b, before, b.N, members)
			})
		}
	}
}

// BenchmarkFlood has 50 members talk without a pause.
func BenchmarkFlood(b *testing.B) {
	const talkers = 50
	for _, format := range []wire.Format{wire.Text, wire.JSON} {
		for _, members := range []int{100, 1000} {
			b.Run(fmt.Sprintf("format=%v/members=%d", formatName(format), members), func(b *testing.B) {
				g := newGroup(b, members, func(int) wire.Format { return format }, allInLobby)
				line := lineIn(format)
				b.ResetTimer()
				before := mallocs()
				g.expect(b.N)
				for i := range b.N {
					g.members[i%talkers].lines <- line
				}
				<-g.reached
				report(b, before, b.N, members)
			})
		}
	}
}

// BenchmarkRooms has one member talk in each of 1,000 rooms of 10.
func BenchmarkRooms(b *testing.B) {
	const rooms, members = 1000, 10
	g := newGroup(b, rooms*members, allText, func(i int) string { return fmt.Sprint("room-", i%rooms) })
	line := lineIn(wire.Text)
	b.ResetTimer()
	before := mallocs()
	g.target.Store(g.received.Load() + int64(b.N*members))
	for i := range b.N {
		g.members[i%rooms].lines <- line
	}
	<-g.reached
	report(b, before, b.N, members)
}

func formatName(f wire.Format) string { return [...]string{wire.Text: "text", wire.JSON: "json"}[f] }

// lineIn returns a line that says a message of 100 bytes in a format.
func lineIn(f wire.Format) []byte {
	text := fmt.Sprintf("%0100d", 0)
	if f == wire.JSON {
		return fmt.Appendf(nil, `{"type":"say","text":"%s"}`, text)
	}
	return []byte(text)
}

// report reports the time per delivery, and the allocations since before.
func report(b *testing.B, before uint64, messages, members int) {
	allocations := float64(mallocs() - before)
	deliveries := float64(messages) * float64(members)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/deliveries, "ns/delivery")
	b.ReportMetric(allocations/float64(messages), "allocs/message")
	b.ReportMetric(allocations/deliveries, "allocs/delivery")
}
