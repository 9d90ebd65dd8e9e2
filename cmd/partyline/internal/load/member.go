//go:build linux

package load

import (
	"bytes"
	"fmt"
)

// state is the progress of a member.
type state uint8

const (
	joining  state = iota // until it receives its welcome
	waiting               // until it receives the start message
	matching              // it receives what the transcript for its codec contains
	diverged              // it has received something else: its bytes are parsed on their own
)

// A member is one connection that reads. Once a loop has it, the goroutine of the loop owns
// the fields from state on.
type member struct {
	fd       int   // -1 while there is no connection
	index    int32 // in its loop
	codec    codec
	tls      *sealedConn // nil without TLS
	room     *room
	roomName string  // as in the welcome
	talker   *talker // nil if it only reads

	state   state
	split   splitter
	cursor  cursor  // if matching
	checker checker // if diverged
	err     error   // why the connection ended
}

// receive handles bytes from the member's socket.
func (l *loop) receive(m *member, b []byte) {
	for len(b) > 0 && m.state < matching {
		content, n, ok := m.split.next(b)
		b = b[n:]
		if !ok {
			return
		}
		switch m.state {
		case joining:
			if m.isWelcome(content) {
				m.state = waiting
				l.run.joined.Add(1)
			}
		case waiting:
			if h, ok := l.run.magic.find(content); ok && h.talker == starter {
				m.startMatching()
				l.run.started.Add(1)
			}
		}
	}
	if m.state == matching {
		b = l.match(m, b)
	}
	if m.state == diverged {
		l.parse(m, b)
	}
}

// isWelcome reports whether a line or frame is the welcome to the member's room.
func (m *member) isWelcome(content []byte) bool {
	if m.codec.format == JSON {
		return bytes.Contains(content, []byte(`"type":"welcome"`)) &&
			bytes.Contains(content, fmt.Appendf(nil, `"room":%q`, m.roomName))
	}
	return bytes.HasPrefix(content, []byte("* You are ")) &&
		bytes.Contains(content, fmt.Appendf(nil, " in #%s, ", m.roomName))
}

// startMatching puts the member at the start of its transcript.
func (m *member) startMatching() {
	m.state = matching
	m.split.carry = nil
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	m.cursor = cursor{chunk: m.room.transcriptLocked(m.codec).first}
}

// match compares b with the transcript, and appends what the transcript does not have yet.
// If they differ, the member diverges, and match returns the bytes that are still to be
// parsed.
func (l *loop) match(m *member, b []byte) (rest []byte) {
	if len(b) == 0 {
		return nil
	}
	r := m.room
	r.mu.RLock()
	n, same := m.cursor.matchLocked(b, l.received)
	r.mu.RUnlock()
	if same && n == len(b) {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.transcriptLocked(m.codec)
	if same {
		var more int
		more, same = m.cursor.matchLocked(b[n:], l.received) // another loop may have appended
		n += more
	}
	if same {
		t.appendLocked(b[n:])
		m.cursor.matchLocked(b[n:], l.received)
		return nil
	}
	c, partial := t.stateLocked(m.cursor)
	m.state, m.checker, m.cursor = diverged, c, cursor{}
	m.split.carry = nil
	return append(partial, b[n:]...)
}

// parse parses what a diverged member receives.
func (l *loop) parse(m *member, b []byte) {
	for len(b) > 0 {
		content, n, ok := m.split.next(b)
		b = b[n:]
		if !ok {
			return
		}
		h, ok := l.run.magic.find(content)
		if !ok {
			continue
		}
		m.room.mu.Lock()
		_, ok = m.room.recordLocked(&m.checker, h)
		m.room.mu.Unlock()
		if ok {
			l.received(&entry{header: h})
		}
	}
}
