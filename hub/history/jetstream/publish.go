package jetstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"partyline/hub/history"
	"partyline/hub/wire"
)

const (
	// ackTime is how long an ack may take until the message is published again.
	ackTime = 2 * time.Second
	// retryTime is the same after an answer that nobody stores messages now.
	retryTime = 250 * time.Millisecond
)

// A publication is a message of this server that the stream has not returned yet.
type publication struct {
	message   *wire.Message
	commit    func(history.Result)
	number    uint64 // in its partition, from 1 on
	origin    string
	messageID string
	data      []byte
	appended  time.Time
	sent      bool  // it may be in the stream
	acked     bool  // it is in the stream, or it is a repetition
	repeats   int64 // the id of the first message with the key, or 0
	imported  int64 // the sequence of that message if it was imported and its id is not known yet, or 0
}

// publications are those of a partition. The mu of the partition guards them.
type publications struct {
	last     uint64                  // number
	order    []*publication          // those without an ack, and perhaps others, by number
	byNumber map[uint64]*publication // those that the stream has not returned
	byOrigin map[string]*publication // the same
	repeated []*publication          // those whose first message the stream has not returned

	stalled bool // acks are missing: only the oldest is published, as a probe
	probed  time.Time
	heard   time.Time // when there was an ack, or when nothing waited for one
	down    bool      // new messages are refused at once, since others have waited too long
	closed  bool
	empty   chan struct{} // closed when the last publication is removed after Close
}

func newPublications() publications {
	return publications{
		byNumber: make(map[uint64]*publication), byOrigin: make(map[string]*publication),
		heard: time.Now(), empty: make(chan struct{}),
	}
}

// removeLocked removes a publication that has a result.
func (ps *publications) removeLocked(pub *publication) {
	delete(ps.byNumber, pub.number)
	delete(ps.byOrigin, pub.origin)
	if pub.acked = true; ps.closed && len(ps.byOrigin) == 0 {
		close(ps.empty)
	}
	ps.trimLocked()
}

// trimLocked removes the oldest publications that are not published again.
func (ps *publications) trimLocked() {
	for len(ps.order) > 0 && ps.order[0].acked {
		ps.order[0] = nil
		ps.order = ps.order[1:]
	}
}

// takeRepeatedLocked removes and returns the repetitions of messages up to a position, with their ids.
func (ps *publications) takeRepeatedLocked(position int64) (repeated []*publication) {
	kept := ps.repeated[:0]
	for _, pub := range ps.repeated {
		switch {
		case ps.byOrigin[pub.origin] == nil: // the stream had it from an earlier attempt
		case pub.repeats <= position:
			pub.message.ID = pub.repeats
			ps.removeLocked(pub)
			repeated = append(repeated, pub)
		default:
			kept = append(kept, pub)
		}
	}
	clear(ps.repeated[len(kept):])
	ps.repeated = kept
	return repeated
}

// append implements Journal.Append.
func (p *partition) append(m *wire.Message, key string, commit func(history.Result)) {
	pub := &publication{message: m, commit: commit, data: encode(m, key), appended: time.Now()}
	p.mu.Lock()
	ps := &p.publications
	var refused error
	switch {
	case ps.closed:
		refused = errClosed
	case p.isUnusableLocked():
		refused = p.problems.now[receiving]
	case ps.down, !p.started.Load():
		refused = errNoAnswer
	default:
		ps.last++
		pub.number = ps.last
		pub.origin = p.journal.id + "-" + strconv.Itoa(p.number) + "-" + strconv.FormatUint(pub.number, 36)
		pub.messageID = pub.origin
		if key != "" {
			pub.messageID = messageID(m.Room, key)
		}
		if len(ps.byOrigin) == 0 {
			ps.heard = pub.appended
		}
		ps.order = append(ps.order, pub)
		ps.byNumber[pub.number], ps.byOrigin[pub.origin] = pub, pub
		if !ps.stalled {
			p.publishLocked(pub)
		}
	}
	p.mu.Unlock()
	if refused != nil {
		p.commits.Lock()
		defer p.commits.Unlock()
		commit(history.Result{Err: refused})
	}
}

// isUnusableLocked reports whether only the operator can make the stream usable again.
func (p *partition) isUnusableLocked() bool {
	_, ok := errors.AsType[*streamError](p.problems.now[receiving])
	return ok
}

// publishLocked publishes a message. If there is no connection, the watch publishes it again.
func (p *partition) publishLocked(pub *publication) {
	err := p.journal.nc.PublishMsg(&nats.Msg{
		Subject: p.subject(pub.message.Room),
		Reply:   p.journal.inbox + strconv.Itoa(p.number) + "." + strconv.FormatUint(pub.number, 10),
		Header:  header(pub.origin, pub.messageID),
		Data:    pub.data,
	})
	if err == nil {
		pub.sent = true
	} else {
		p.publications.stallLocked(time.Now())
	}
}

// stallLocked makes the watch publish the oldest message only, retryTime after now.
func (ps *publications) stallLocked(now time.Time) {
	ps.stalled, ps.probed = true, now.Add(retryTime-ackTime)
}

// An ack is the answer of a stream (PubAck of NATS), or of a server without one.
type ack struct {
	Sequence  int64 `json:"seq"`
	Duplicate bool  `json:"duplicate"`
	nobody    bool  // no server has the stream
	Error     *struct {
		Code        int    `json:"code"`
		Number      int    `json:"err_code"`
		Description string `json:"description"`
	} `json:"error"`
}

// acked handles an ack.
func (j *Journal) acked(m *nats.Msg) {
	partition, number, _ := strings.Cut(strings.TrimPrefix(m.Subject, j.inbox), ".")
	i, err := strconv.Atoi(partition)
	n, err2 := strconv.ParseUint(number, 10, 64)
	if err != nil || err2 != nil || i < 0 || i >= len(j.partitions) {
		return
	}
	var a ack
	if m.Header.Get("Status") != "" || json.Unmarshal(m.Data, &a) != nil {
		a = ack{nobody: true}
	}
	j.partitions[i].acked(n, &a)
}

// acked handles the ack of the publication with a number.
func (p *partition) acked(number uint64, a *ack) {
	p.mu.Lock()
	ps := &p.publications
	now := time.Now()
	if a.Error != nil || a.Sequence <= 0 {
		if !ps.stalled {
			ps.stallLocked(now)
		}
		switch {
		case a.nobody:
			p.setProblemLocked(publishing, errNobody)
		case a.Error != nil:
			p.setProblemLocked(publishing, &refusedError{a.Error.Number, a.Error.Description})
		}
		p.mu.Unlock()
		return
	}
	ps.heard, ps.down = now, false
	p.setProblemLocked(publishing, nil)
	var refused []*publication
	switch pub := ps.byNumber[number]; {
	case pub == nil:
	case a.Duplicate && a.Sequence <= p.imported.Load():
		pub.imported = a.Sequence // the watch finds the id
	case !a.Duplicate && a.Sequence <= p.position: // the stream is an older state: no consumer returns the message
		ps.removeLocked(pub)
		refused = append(refused, pub)
	default:
		pub.acked = true
		if a.Duplicate {
			pub.repeats = a.Sequence
			ps.repeated = append(ps.repeated, pub)
		}
		ps.trimLocked()
	}
	if ps.stalled {
		ps.stalled = false
		for _, pub := range ps.order {
			if !pub.acked && !ps.stalled {
				p.publishLocked(pub)
			}
		}
		ps.probed = now
	}
	settle := a.Duplicate && a.Sequence <= p.position
	p.mu.Unlock()
	p.refuse(refused, errOld)
	if settle {
		p.apply(nil)
	}
}

// retry publishes messages again whose acks are missing, and refuses those that have waited too long.
func (p *partition) retry(now time.Time) {
	p.mu.Lock()
	ps := &p.publications
	ps.trimLocked()
	if p.isUnusableLocked() {
		p.mu.Unlock()
		p.refuseAll(errOld)
		return
	}
	if len(ps.order) == 0 {
		ps.heard, ps.stalled = now, false
		p.mu.Unlock()
		return
	}
	oldest := ps.order[0]
	if !ps.stalled && now.Sub(later(ps.heard, oldest.appended)) > ackTime {
		ps.stalled, ps.probed = true, time.Time{}
	}
	if ps.stalled && now.Sub(ps.probed) > ackTime {
		ps.probed = now
		p.publishLocked(oldest)
		ps.stalled = true
	}
	var refused []*publication
	for _, pub := range ps.order {
		if now.Sub(pub.appended) <= p.journal.opt.Patience {
			break
		}
		if !pub.acked {
			refused = append(refused, pub)
		}
	}
	for _, pub := range refused {
		ps.removeLocked(pub)
	}
	if len(refused) > 0 {
		ps.down = true
		if p.problems.now[publishing] == nil {
			p.setProblemLocked(publishing, errNoAnswer)
		}
	}
	p.mu.Unlock()
	p.refuse(refused, errNoAnswer)
}

// findRepeated finds the ids of the imported messages that publications repeat.
func (p *partition) findRepeated() {
	if p.imported.Load() == 0 {
		return
	}
	p.mu.Lock()
	sequences := make(map[*publication]int64)
	for _, pub := range p.publications.order {
		if pub.imported != 0 && !pub.acked {
			sequences[pub] = pub.imported
		}
	}
	p.mu.Unlock()
	for pub, sequence := range sequences {
		first, ok, err := p.next(pub.message.Room, sequence)
		if err != nil {
			return // the watch tries again
		}
		p.mu.Lock()
		id := p.floor
		if ok {
			if id = first.id; first.sequence != sequence { // the message is no longer in the stream
				id--
			}
		}
		if !pub.acked { // it still waits
			pub.acked, pub.repeats = true, id
			p.publications.repeated = append(p.publications.repeated, pub)
			p.publications.trimLocked()
		}
		p.mu.Unlock()
	}
	if len(sequences) > 0 {
		p.apply(nil)
	}
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// refuse refuses publications that were removed.
func (p *partition) refuse(refused []*publication, why error) {
	if len(refused) == 0 {
		return
	}
	p.commits.Lock()
	defer p.commits.Unlock()
	for _, pub := range refused {
		err := why
		if pub.sent {
			err = fmt.Errorf("%w: %w", history.ErrUnknown, why)
		}
		pub.commit(history.Result{Err: err})
	}
}

// refuseAll refuses all publications.
func (p *partition) refuseAll(why error) {
	p.mu.Lock()
	var refused []*publication
	for n := uint64(1); len(p.publications.byOrigin) > 0 && n <= p.publications.last; n++ {
		if pub := p.publications.byNumber[n]; pub != nil {
			refused = append(refused, pub)
			p.publications.removeLocked(pub)
		}
	}
	p.mu.Unlock()
	p.refuse(refused, why)
}
