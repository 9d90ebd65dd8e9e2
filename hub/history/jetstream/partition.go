package jetstream

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// A partition has the rooms of one stream.
type partition struct {
	journal *Journal
	number  int
	stream  string // its name
	prefix  string // of the subjects of rooms
	started atomic.Bool
	failure atomic.Pointer[history.Failure] // see setProblemLocked

	imported atomic.Int64 // the messages up to this sequence were imported; 0 if none was

	commits sync.Mutex // held while commits and hears are called, so that they are in order; taken before mu

	mu           sync.Mutex // held for short computations only
	position     int64      // the sequence of the newest message that was committed or heard
	floor        int64      // the sequences of the stream are greater
	indexed      int64      // the newest sequence in the index
	isIndexed    bool       // the index had all messages once
	first, end   int64      // those of the oldest and the newest message in the stream, as of the last look
	epoch        string     // of the stream; "" before the first look
	rooms        map[string]*room
	publications publications
	problems     problems
}

func newPartition(j *Journal, number int) *partition {
	return &partition{
		journal: j, number: number,
		stream: fmt.Sprintf("%s-%d", j.opt.Stream, number), prefix: fmt.Sprintf("%s.%d.", j.opt.Stream, number),
		rooms:        make(map[string]*room),
		publications: newPublications(),
	}
}

// subject returns the subject of a room.
func (p *partition) subject(room string) string { return p.prefix + room }

// filter returns the subject of a room, or one that matches all if room is allRooms.
func (p *partition) filter(room string) string {
	if room == allRooms {
		return ">" // NATS is faster than with one that matches the rooms only
	}
	return p.subject(room)
}

// open implements Journal.Open.
func (p *partition) open(name string, hear history.Hear) int64 {
	p.commits.Lock() // no message may be between the position and what hear gets
	defer p.commits.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.rooms[name]
	if r == nil {
		r = newRoom(min(p.journal.opt.Retention.Messages, maxRecent), p.position)
		p.rooms[name] = r
	}
	r.users++
	r.hear = hear
	return r.last
}

// release implements Journal.Release.
func (p *partition) release(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.rooms[name]; r != nil {
		if r.users--; r.users == 0 {
			delete(p.rooms, name)
		}
	}
}

// A received message is one that the consumer got.
type received struct {
	sequence int64
	id       int64 // its sequence, or what it was before it was imported; 0 if that is missing
	at       time.Time
	subject  string
	origin   string
	data     []byte
}

func (p *partition) received(m jetstream.Msg) (received, error) {
	meta, err := m.Metadata()
	if err != nil {
		return received{}, err
	}
	r := received{
		sequence: int64(meta.Sequence.Stream), at: meta.Timestamp,
		subject: m.Subject(), origin: m.Headers().Get(originHeader), data: m.Data(),
	}
	p.identify(&r, m.Headers())
	return r, nil
}

// identify sets the id of a message, and the time if the message was imported. Only the sequence says whether it was: any
// program may publish the headers of an import.
func (p *partition) identify(r *received, h nats.Header) {
	r.id = r.sequence
	if r.sequence > p.imported.Load() {
		return
	}
	id, err := strconv.ParseInt(h.Get(idHeader), 10, 64)
	at, err2 := strconv.ParseInt(h.Get(timeHeader), 10, 64)
	if err != nil || err2 != nil || id >= r.sequence {
		id = 0
	}
	r.id, r.at = id, time.UnixMilli(at)
}

// apply commits the messages of this server and hears the others. Their sequences are greater than the position and
// increase.
func (p *partition) apply(batch []received) {
	p.commits.Lock()
	defer p.commits.Unlock()
	calls := make([]call, 0, len(batch))
	p.mu.Lock()
	var own int
	var oldest time.Time
	for _, m := range batch {
		if c, ok := p.resolveLocked(m); ok {
			calls = append(calls, c)
			if c.own != nil {
				if own++; own == 1 {
					oldest = c.own.appended
				}
			}
		}
	}
	repeated := p.publications.takeRepeatedLocked(p.position)
	p.mu.Unlock()

	next := make(map[string]bool, len(p.journal.partitions)) // the rooms of later calls
	for i := len(calls) - 1; i >= 0; i-- {
		calls[i].more = next[calls[i].message.Room]
		next[calls[i].message.Room] = true
	}
	for _, c := range calls {
		c.call()
	}
	for _, pub := range repeated {
		pub.commit(history.Result{Repeated: true})
	}
	if own > 0 {
		p.journal.opt.Stored(own, time.Since(oldest))
	}
}

// A call of a commit or a hear.
type call struct {
	message *wire.Message
	own     *publication // nil if it is a message of another server
	hear    history.Hear // may be nil
	more    bool
}

func (c *call) call() {
	switch {
	case c.own != nil:
		c.own.commit(history.Result{More: c.more})
	case c.hear != nil:
		c.hear(c.message, c.more)
	}
}

// resolveLocked returns the call for a message, if there is one, and moves the position to it.
func (p *partition) resolveLocked(m received) (c call, ok bool) {
	p.position = m.sequence
	if m.subject == p.probeSubject() {
		return c, false
	}
	if c.own = p.publications.byOrigin[m.origin]; c.own != nil {
		p.publications.removeLocked(c.own)
		c.message = c.own.message
		c.message.ID, c.message.At = m.id, m.at
		if r := p.rooms[c.message.Room]; r != nil {
			r.add(c.message)
		}
		return c, true
	}
	msg, err := p.decode(m)
	if err != nil {
		return c, false
	}
	r := p.rooms[msg.Room]
	if r == nil {
		return c, false
	}
	r.add(msg)
	c.message, c.hear = msg, r.hear
	return c, true
}

// decode is parse for a message that has just arrived. It counts one that is not valid.
func (p *partition) decode(m received) (*wire.Message, error) {
	msg, _, err := p.parse(m)
	if err != nil {
		if n := p.journal.foreign.Add(1); n&(n-1) == 0 { // the log gets few lines
			p.journal.log.Warn("a message in the stream is not valid", "stream", p.stream, "sequence", m.sequence, "err", err, "so_far", n)
		}
	}
	return msg, err
}

// parse returns a message of the stream, and its key. The error says why it is not valid.
func (p *partition) parse(m received) (*wire.Message, string, error) {
	msg, key, err := decode(strings.TrimPrefix(m.subject, p.prefix), m.data)
	switch {
	case err != nil:
	case p.journal.partition(msg.Room) != p:
		err = fmt.Errorf("room %s has another partition", msg.Room)
	case m.sequence > p.imported.Load() && p.journal.opt.MaxText > 0 && len(msg.Text) > p.journal.opt.MaxText:
		err = fmt.Errorf("the text has %d bytes", len(msg.Text))
	case m.id < 1 || m.id >= history.MaxID:
		err = fmt.Errorf("id %d is out of range", m.id)
	}
	if err != nil {
		return nil, "", err
	}
	msg.ID, msg.At = m.id, m.at
	return msg, key, nil
}

// drain waits until no message of this server waits. It returns false if ctx is done first.
func (p *partition) drain(ctx context.Context) bool {
	p.mu.Lock()
	p.publications.closed = true
	empty := p.publications.empty
	if len(p.publications.byOrigin) == 0 {
		empty = nil
	}
	p.mu.Unlock()
	if empty == nil {
		return true
	}
	select {
	case <-empty:
		return true
	case <-ctx.Done():
		return false
	}
}
