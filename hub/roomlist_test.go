package hub

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"partyline/hub/wire"
)

// withRooms returns the session in the last room of a hub with n rooms of one member each.
func withRooms(n int) *session {
	h := New(Options{})
	var s *session
	for i := range n {
		r := newRoom(h, fmt.Sprintf("room-%d", i))
		s = newSession(h, &Caller{}, nil)
		s.room = r
		r.members = append(r.members, &s.member)
		h.rooms[r.name] = r
	}
	return s
}

// BenchmarkRoomList answers /rooms on a server that has 10,000 rooms.
func BenchmarkRoomList(b *testing.B) {
	s := withRooms(10_000)
	b.ReportAllocs()
	for b.Loop() {
		s.roomsAnswer(&wire.Request{Verb: wire.VerbRooms})
	}
}

// withRoom returns the same as counting all rooms for the member would.
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

// Rooms are counted without the hub's lock, and with the lock of one room at a time.
func TestRoomsAreCountedOutsideTheHubsLock(t *testing.T) {
	s := withRooms(100)
	counted := make(chan struct{})
	busy := s.hub.rooms["room-50"]
	busy.mu.Lock() // so that the count waits for it
	go func() {
		s.hub.roomCounts()
		close(counted)
	}()
	for s.hub.roomList.mu.TryLock() { // until the count starts
		s.hub.roomList.mu.Unlock()
		runtime.Gosched()
	}
	for _, r := range s.hub.rooms { // the count holds no other lock
		s.hub.Members()
		if r != busy {
			r.count()
		}
	}
	select {
	case <-counted:
		t.Error("a room was counted without its lock")
	default:
	}
	busy.mu.Unlock()
	<-counted
}

// BenchmarkRoomListCounted counts the rooms, which happens once a second at most.
func BenchmarkRoomListCounted(b *testing.B) {
	h := withRooms(10_000).hub
	b.ReportAllocs()
	for b.Loop() {
		h.countRooms()
	}
}
