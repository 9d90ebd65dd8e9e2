package hub

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"partyline/hub/wire"
)

// withRooms returns a hub with n rooms of one member each, and the member of the last.
func withRooms(n int) *member {
	h := New(Options{})
	var m *member
	for i := range n {
		r := newRoom(h, fmt.Sprintf("room-%d", i))
		m = &member{hub: h, room: r}
		r.members = append(r.members, m)
		h.rooms[r.name] = r
	}
	return m
}

// BenchmarkRoomList asks for the rooms of a server that has 10,000.
func BenchmarkRoomList(b *testing.B) {
	m := withRooms(10_000)
	b.ReportAllocs()
	for b.Loop() {
		m.session.roomsAnswer(&wire.Request{Verb: wire.VerbRooms})
	}
}

// withRoom says the same as a list that is counted for the member alone.
func TestWithRoom(t *testing.T) {
	for _, size := range []int{0, 1, 2, 5, 6, 7, 20} {
		var list []wire.RoomCount
		for i := range size {
			list = append(list, wire.RoomCount{Room: fmt.Sprintf("r%02d", i), Count: 1 + 3*(i%4)})
		}
		slices.SortFunc(list, fullerFirst)
		before := slices.Clone(list)
		for i := range 21 {
			for count := 1; count < 14; count++ {
				own := wire.RoomCount{Room: fmt.Sprintf("r%02d", i), Count: count}
				want := slices.DeleteFunc(slices.Clone(list), func(c wire.RoomCount) bool { return c.Room == own.Room })
				want = append(want, own)
				slices.SortFunc(want, fullerFirst)
				first, total := withRoom(list, own, 6)
				if total != len(want) || !slices.Equal(first, want[:min(6, len(want))]) {
					t.Errorf("%v with %v: %v of %d, want %v", list, own, first, total, want)
				}
			}
		}
		if !slices.Equal(list, before) {
			t.Fatal("the shared list has changed")
		}
	}
}

// The rooms are counted without the hub's lock, and without any other room's.
func TestRoomsAreCountedOutsideTheHubsLock(t *testing.T) {
	m := withRooms(100)
	counted := make(chan struct{})
	busy := m.hub.rooms["room-50"]
	busy.mu.Lock() // counting waits here
	go func() {
		m.hub.roomCounts()
		close(counted)
	}()
	for m.hub.roomList.mu.TryLock() { // until it counts
		m.hub.roomList.mu.Unlock()
		runtime.Gosched()
	}
	for _, r := range m.hub.rooms { // neither lock is held for good
		m.hub.Members()
		if r != busy {
			r.count()
		}
	}
	select {
	case <-counted:
		t.Error("a room is counted without its lock")
	default:
	}
	busy.mu.Unlock()
	<-counted
}

// BenchmarkRoomListCounted counts them, as happens once a second at most.
func BenchmarkRoomListCounted(b *testing.B) {
	h := withRooms(10_000).hub
	b.ReportAllocs()
	for b.Loop() {
		h.countRooms()
	}
}
