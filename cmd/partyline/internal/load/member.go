//go:build linux

package load

import (
	"bytes"
	"fmt"
)

// stage is how far a member has come.
type stage uint8

const (
	arriving  stage = iota // until its welcome
	waiting                // until the starter's message
	following              // hears what the tape of its wire has
	alone                  // heard something else: is parsed by itself
)

// A member is one connection that reads. All but the socket belongs to the goroutine of
// its loop.
type member struct {
	fd     int
	index  int32 // in its loop
	wire   wire
	room   *room
	name   string // of its room, as the welcome tells it
	stage  stage
	split  splitter
	at     spot
	ear    ear
	why    error   // it is gone
	talker *talker // nil where it only listens
}

// take takes what came over the socket.
func (l *loop) take(m *member, b []byte) {
	for len(b) > 0 && m.stage < following {
		frame, n, ok := m.split.next(b)
		b = b[n:]
		if !ok {
			return
		}
		switch m.stage {
		case arriving:
			if m.welcomed(frame) {
				m.stage = waiting
				l.run.arrived.Add(1)
			}
		case waiting:
			if h, ok := l.run.magic.find(frame); ok && h.talker == starter {
				m.begin()
				l.run.begun.Add(1)
			}
		}
	}
	if m.stage == following {
		b = l.follow(m, b)
	}
	if m.stage == alone {
		l.hearAlone(m, b)
	}
}

// welcomed reports whether a line or frame is the welcome to the member's room.
func (m *member) welcomed(frame []byte) bool {
	if m.wire.format == JSON {
		return bytes.Contains(frame, []byte(`"type":"welcome"`)) &&
			bytes.Contains(frame, fmt.Appendf(nil, `"room":%q`, m.name))
	}
	return bytes.HasPrefix(frame, []byte("* You are ")) &&
		bytes.Contains(frame, fmt.Appendf(nil, " in #%s, ", m.name))
}

// begin makes the member follow the tape, which starts here.
func (m *member) begin() {
	m.stage = following
	m.split.carry = nil
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	m.at = spot{block: m.room.tape(m.wire).first}
}

// follow compares b with the tape, and records what the tape has not yet. Where they
// differ, the member is alone from there on, and what it is still to hear is returned.
func (l *loop) follow(m *member, b []byte) (rest []byte) {
	if len(b) == 0 {
		return nil
	}
	r := m.room
	r.mu.RLock()
	n, same := m.at.follow(b, l.heard)
	r.mu.RUnlock()
	if same && n == len(b) {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tape(m.wire)
	if same {
		var more int
		more, same = m.at.follow(b[n:], l.heard) // another loop may have been here
		n += more
	}
	if same {
		t.append(b[n:])
		m.at.follow(b[n:], l.heard)
		return nil
	}
	e, begun := t.part(m.at)
	m.stage, m.ear, m.at = alone, e, spot{}
	m.split.carry = nil
	return append(begun, b[n:]...)
}

func (l *loop) hearAlone(m *member, b []byte) {
	for len(b) > 0 {
		frame, n, ok := m.split.next(b)
		b = b[n:]
		if !ok {
			return
		}
		h, ok := l.run.magic.find(frame)
		if !ok {
			continue
		}
		m.room.mu.Lock()
		_, ok = m.room.hear(&m.ear, h)
		m.room.mu.Unlock()
		if ok {
			l.heard(&mark{header: h})
		}
	}
}
