package hub

import (
	"cmp"
	"slices"
	"time"
)

// A MemberInfo describes a member to the operator.
type MemberInfo struct {
	Nick      string    `json:"nick"`
	Room      string    `json:"room"`
	Transport string    `json:"transport"`
	Address   string    `json:"address"`
	Entered   time.Time `json:"entered"` // its room
	Idle      int64     `json:"idle"`    // seconds since it last sent a line, or joined
	Announced bool      `json:"announced"`
	Lagging   bool      `json:"lagging"` // it has not accepted everything yet
	Written   int64     `json:"written"` // bytes of events
}

// A RoomInfo describes a room to the operator.
type RoomInfo struct {
	Name     string `json:"name"`
	Members  int    `json:"members"` // also those that are not announced
	Lagging  int    `json:"lagging"`
	Last     int64  `json:"last"`     // the id of its newest message
	Unstored bool   `json:"unstored"` // its messages are not stored now
}

// List returns the members that are in a room, by room and name, and the rooms, by name. It looks at
// each of them, and may be called at any time.
func (h *Hub) List() (members []MemberInfo, rooms []RoomInfo) {
	h.mu.Lock()
	open := make([]*room, 0, len(h.rooms))
	for _, r := range h.rooms {
		open = append(open, r)
	}
	h.mu.Unlock()
	now := h.uptime()
	for _, r := range open {
		r.mu.Lock()
		info := RoomInfo{Name: r.name, Members: len(r.members), Last: r.lastID, Unstored: r.unstored}
		for _, m := range r.members {
			m.out.mu.Lock()
			lagging, written := m.out.lagging != nil, m.out.written
			m.out.mu.Unlock()
			if lagging {
				info.Lagging++
			}
			members = append(members, MemberInfo{
				Nick: m.nick, Room: r.name, Transport: m.via, Address: m.addr, Entered: m.entered, Idle: m.activity.idle(now),
				Announced: m.announced, Lagging: lagging, Written: written,
			})
		}
		r.mu.Unlock()
		if info.Members > 0 {
			rooms = append(rooms, info)
		}
	}
	slices.SortFunc(members, func(a, b MemberInfo) int {
		return cmp.Or(cmp.Compare(a.Room, b.Room), cmp.Compare(a.Nick, b.Nick))
	})
	slices.SortFunc(rooms, func(a, b RoomInfo) int { return cmp.Compare(a.Name, b.Name) })
	return members, rooms
}
