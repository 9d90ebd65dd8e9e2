package hub

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"partyline/hub/wire"
)

// roomListAge is the greatest age of a list of rooms that a member gets.
const roomListAge = time.Second

// A roomList is the answer to /rooms, which all requests within roomListAge share: counting
// every room of a large server costs a millisecond.
type roomList struct {
	mu     sync.Mutex // held while the rooms are counted: other members wait for the list
	at     time.Time  // when the rooms were counted
	counts []wire.RoomCount
}

// roomCounts returns the rooms that have members, the fullest first, as they were at most
// roomListAge ago. The caller must not change the list, which is shared.
func (h *Hub) roomCounts() []wire.RoomCount {
	l := &h.roomList
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at.IsZero() || time.Since(l.at) >= roomListAge {
		l.counts = h.countRooms()
		l.at = time.Now()
	}
	return l.counts
}

// countRooms counts the members of each room. It holds one lock at a time.
func (h *Hub) countRooms() []wire.RoomCount {
	h.mu.Lock()
	rooms := slices.AppendSeq(make([]*room, 0, len(h.rooms)), maps.Values(h.rooms))
	h.mu.Unlock()
	counts := make([]wire.RoomCount, 0, len(rooms))
	listed := make(map[string]bool, len(rooms))
	for _, r := range rooms {
		if n := r.count(); n > 0 {
			counts = append(counts, wire.RoomCount{Room: r.name, Count: n})
			listed[r.name] = true
		}
	}
	for name, n := range h.peerCounts() {
		if !listed[name] {
			counts = append(counts, wire.RoomCount{Room: name, Count: n})
		}
	}
	slices.SortFunc(counts, fullerFirst)
	return counts
}

// count returns the number of announced members, with those on other servers.
func (r *room) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.totalLocked()
}

func fullerFirst(a, b wire.RoomCount) int {
	return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Room, b.Room))
}

// withRoom returns the first n rooms of a list that has own instead of the room of that name, or
// in addition, and the length of that list. It does not modify list.
func withRoom(list []wire.RoomCount, own wire.RoomCount, n int) (first []wire.RoomCount, total int) {
	total = len(list)
	first = slices.Clone(list[:min(n+1, len(list))])
	i := slices.IndexFunc(list, func(c wire.RoomCount) bool { return c.Room == own.Room })
	switch {
	case i < 0:
		total++
	case i < len(first):
		first = slices.Delete(first, i, i+1)
	}
	at, _ := slices.BinarySearchFunc(first, own, fullerFirst)
	first = slices.Insert(first, at, own)
	return first[:min(n, len(first))], total
}
