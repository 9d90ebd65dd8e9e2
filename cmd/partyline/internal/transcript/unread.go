package transcript

// unread is what the reader has not seen.
type unread struct {
	reading  bool // the reader sees the end of the view, if it is there
	messages int
	mentions int
	called   int     // messages that mention the reader, since the View was made
	read     int64   // the newest message that the reader has read; 0 if that is not known, none if there is none
	missed   int64   // messages up to this id were said while there was no connection
	absence  absence // the messages that were said before the View was made and that the reader had not read
	mark     *entry  // the unread separator is before it
	marking  bool    // what is added is after the mark
}

// none, in place of the id of a message, comes before all ids.
const none = -1

// An absence is the messages after one up to another one.
type absence struct{ after, to int64 }

// SetReading says whether the reader sees the view. What is added while the reader sees the end of it is
// read. Messages that the connection missed are read too, but are shown after the unread separator.
//
// When the reader leaves the view, the unread separator is removed.
func (v *View) SetReading(reading bool) {
	if v.reading && !reading && v.messages == 0 {
		v.mark, v.marking = nil, false
	}
	v.reading = reading
	v.readIfSeen()
}

// connected says that there is a connection, and which message was the newest one then, or 0. A reader of which it is
// not known what it has read has read that one. If the reader has read a later one, that was in a history that the
// server has lost.
func (u *unread) connected(last int64) {
	u.missed = last
	switch {
	case u.read == 0 && last == 0:
		u.read = none
	case u.read == 0:
		u.read = last
	case u.read > last:
		u.read, u.absence = none, absence{none, last}
	}
	if u.absence.to == 0 {
		u.absence.to = last
	}
}

// markRead says that the reader has read everything. The unread separator stays.
func (v *View) markRead() {
	v.messages, v.mentions, v.marking = 0, 0, false
	v.read = max(v.read, v.newest)
}

// Unread returns how many messages of others are unread, and how many of these mention the reader. Private messages
// count as mentions.
func (v *View) Unread() (messages, mentions int) { return v.messages, v.mentions }

// Mentioned returns how many messages that were added mention the reader, also those that are read.
func (v *View) Mentioned() int { return v.called }

// Read returns the id of the newest message that the reader has read; all before it are read, too. It is 0 if that is
// not known, as before the first Welcome, and negative if there is no such message.
func (v *View) Read() int64 { return v.read }

// readIfSeen marks everything as read if the reader sees the end.
func (v *View) readIfSeen() {
	if v.reading && v.follow {
		v.markRead()
	}
}

// count counts a new entry at the end.
func (v *View) count(e *entry) {
	seen := v.reading && v.follow
	late := e.id != 0 && e.id <= v.missed && e.id > v.read
	if !e.counts() || v.render.kind == Results {
		return
	}
	if e.mention {
		v.called++
	}
	if seen && !late {
		v.markRead()
		return
	}
	if !v.marking {
		v.mark, v.marking = e, true
	}
	if seen {
		v.read = e.id
		return
	}
	v.messages++
	if e.mention {
		v.mentions++
	}
}

// countLoaded counts messages that were loaded. If the reader has not read them, or not before the View was made, the
// unread separator moves before them.
func (v *View) countLoaded(loaded []*entry) {
	for _, e := range loaded {
		if !e.counts() || v.absence.after == 0 {
			continue
		}
		absent := e.id > v.absence.after && e.id <= v.absence.to
		if absent && (v.mark == nil || v.mark.id == 0 || e.id < v.mark.id) {
			v.mark, v.marking = e, true
		}
		if e.id > v.read {
			v.messages++
			if e.mention {
				v.mentions++
			}
		}
	}
	v.readIfSeen()
}
