package screen

import "slices"

// A saved is what was passed to Options.Open.
type saved struct {
	rooms []string
	shown string
}

// save notes what the user has read, and which rooms are open.
func (m *model) save() {
	var rooms []string
	for _, v := range m.views {
		if v.isRoom() {
			rooms = append(rooms, v.room.name)
			m.saveRead(v)
		}
	}
	shown := m.saved.shown
	if r := m.view().room; r != nil {
		shown = r.name
	} else if !slices.Contains(rooms, shown) {
		shown = rooms[0]
	}
	if m.opts.Open != nil && (shown != m.saved.shown || !slices.Equal(rooms, m.saved.rooms)) {
		m.saved = saved{rooms, shown}
		m.opts.Open(rooms, shown)
	}
}

// saveRead notes what the user has read in a room.
func (m *model) saveRead(v *view) {
	id := v.log.Read()
	if v.shown && v.log.AtEnd() {
		id = max(id, v.log.Newest())
	}
	if m.opts.Read != nil && id != 0 && (v.room.saved == 0 || id > v.room.saved) {
		v.room.saved = id
		m.opts.Read(v.room.name, max(id, 0))
	}
}
