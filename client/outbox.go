package client

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"partyline/hub/wire"
)

// MaxPending is how many requests of a Client may wait for their answer. Another one waits until there is room.
const MaxPending = 2048

// A request is what a client sends. Its name is the key of a message, and the ref of anything else.
type request struct {
	line []byte // with LF; nil if there is a text
	text []byte // in JSON, of a message that may be sent with others in one line
	name string // of an urgent request; the name of another one is its position in the outbox
	kind kind
	sent bool // over the present link

	done   func(*object, error)      // is called with the answer, or if there will be none; the object is valid during the call
	posted func(id int64, err error) // in place of done, for a message
}

// A kind says when a request may be sent.
type kind uint8

const (
	change  kind = iota // of the name or the room: after the messages before it
	message             // after the messages before it
	query               // at any time
	once                // at any time, but not again over another link
)

// waits reports whether a request waits for the messages before it, even if the server can't take them for now. A nil
// request does not.
func (r *request) waits() bool { return r != nil && (r.kind == change || r.kind == message) }

// answer calls done or posted, with the answer, or with the id or the error.
func (r *request) answer(o *object, id int64, err error) {
	if r.posted == nil {
		r.done(o, err)
	} else {
		r.posted(id, err)
	}
}

// fail is answer if there will be no answer.
func (r *request) fail(err error) { r.answer(nil, 0, err) }

// An outbox holds the requests that the server has not answered, in the order in which they were made.
type outbox struct {
	prefix   string     // of names, different for each client
	requests []*request // a nil element is answered
	first    uint64     // the number of the first element; its name is the prefix with this number
	answered int        // nil elements at the start
	open     int        // elements that are not nil
	passed   int        // elements that were sent over the present link, or are held
	hold     hold
	chunk    []byte // has the texts of messages
	lines    []byte // the memory of the last lines of messages
	limits   limits // of the present link

	urgent map[string]*request // by name; requests that belong to the present link
	unsent []*request          // the urgent ones that are not sent yet
	made   uint64              // urgent ones
}

func newOutbox() outbox {
	return outbox{prefix: rand.Text()[:16], urgent: make(map[string]*request)}
}

func (o *outbox) len() int { return o.open + len(o.urgent) }

// name returns the name of the request that is added next.
func (o *outbox) name() string { return string(o.appendName(nil, o.nextNumber())) }

// nextNumber returns the number of the request that is added next.
func (o *outbox) nextNumber() uint64 { return o.first + uint64(len(o.requests)) }

// keyPrefix returns what comes before the number in the names of requests.
func (o *outbox) keyPrefix() string { return o.prefix + "-" }

// appendName appends the name of the request with a number.
func (o *outbox) appendName(dst []byte, number uint64) []byte {
	return strconv.AppendUint(append(dst, o.keyPrefix()...), number, 10)
}

func (o *outbox) add(r *request) {
	o.requests = append(o.requests, r)
	o.open++
}

// urgentName returns a new name for an urgent request.
func (o *outbox) urgentName() string {
	o.made++
	return o.prefix + "." + strconv.FormatUint(o.made, 36)
}

// addUrgent adds a request that is sent before all others, over the present link only.
func (o *outbox) addUrgent(r *request) {
	o.urgent[r.name] = r
	o.unsent = append(o.unsent, r)
}

// message returns the line of a message that is added next.
func (o *outbox) message(verb, text string) []byte {
	line := append(append([]byte(`{"type":"`), verb...), `","text":`...)
	line = o.appendName(append(wire.AppendQuoted(line, text), `,"key":"`...), o.nextNumber())
	return append(line, '"', '}', '\n')
}

// chunkSize is the size of a chunk, which is memory for the texts of many messages. The garbage collector
// frees a chunk when all of them are answered.
const chunkSize = 8 << 10

// quote returns a text in JSON.
func (o *outbox) quote(text string) []byte {
	if size := len(text) + len(text)/8 + 16; cap(o.chunk)-len(o.chunk) < size {
		o.chunk = make([]byte, 0, max(size, chunkSize))
	}
	start := len(o.chunk)
	o.chunk = wire.AppendQuoted(o.chunk, text)
	return o.chunk[start:len(o.chunk):len(o.chunk)]
}

// take removes the request with a name and returns it, or nil.
func (o *outbox) take(name string) *request {
	if r := o.urgent[name]; r != nil {
		delete(o.urgent, name)
		return r
	}
	if n, ok := o.number(name); ok {
		return o.remove(n)
	}
	return nil
}

// find returns the request with a name that is not urgent, or nil.
func (o *outbox) find(name string) *request {
	if n, ok := o.number(name); ok {
		return o.at(n)
	}
	return nil
}

// at returns the element of requests with a number, or nil.
func (o *outbox) at(number uint64) *request {
	if number < o.first || number-o.first >= uint64(len(o.requests)) {
		return nil
	}
	return o.requests[number-o.first]
}

// number returns the number in the name of a request that is not urgent.
func (o *outbox) number(name string) (n uint64, ok bool) {
	number, ours := strings.CutPrefix(name, o.keyPrefix())
	n, err := strconv.ParseUint(number, 10, 64)
	return n, ours && err == nil
}

// takeLongest removes the request with the longest line that was sent over this link and returns it, or nil. If the
// server drops a line because it is too long, it does not know its name; but it drops each longer line, too.
func (o *outbox) takeLongest() *request {
	longest := -1
	for i, r := range o.requests[:o.passed] {
		if r != nil && r.sent && (longest < 0 || r.size() > o.requests[longest].size()) {
			longest = i
		}
	}
	if longest < 0 {
		return nil
	}
	return o.remove(o.first + uint64(longest))
}

// remove removes the element of requests with a number and returns it, or nil.
func (o *outbox) remove(number uint64) *request {
	r := o.at(number)
	if r == nil {
		return nil
	}
	o.requests[number-o.first] = nil
	o.open--
	for o.answered < len(o.requests) && o.requests[o.answered] == nil {
		o.answered++
	}
	if o.answered >= MaxPending || o.answered == len(o.requests) {
		o.first += uint64(o.answered)
		o.requests = slices.Delete(o.requests, 0, o.answered)
		o.passed = max(o.passed-o.answered, 0)
		o.answered = 0
	}
	return r
}

// next appends the lines that are to be sent over this link now to dst, up to about max bytes. It also returns
// the request of the first one, or nil if there is none. The lines are valid until the next call.
func (o *outbox) next(dst [][]byte, max int) (lines [][]byte, first *request) {
	for _, r := range o.unsent {
		first = cmp.Or(first, r)
		dst = append(dst, r.line)
	}
	o.unsent = nil
	o.lines = o.lines[:0]
	if i, ok := o.heldAttempt(); ok {
		first = cmp.Or(first, o.requests[i])
		line, _ := o.lineFrom(i, 1)
		dst = append(dst, line)
	}
	for o.passed < len(o.requests) && max > 0 {
		r := o.requests[o.passed]
		if r == nil || r.sent || r.waits() && o.hold.holding() {
			o.passed++
			continue
		}
		first = cmp.Or(first, r)
		line, n := o.lineFrom(o.passed, o.limits.Texts)
		o.passed += n
		dst = append(dst, line)
		max -= len(line)
	}
	return dst, first
}

// unlink prepares the outbox for another link. It removes and returns the requests that were made for
// the last one.
func (o *outbox) unlink() (failed []*request) {
	var lost []uint64
	for i, r := range o.requests {
		if r == nil {
			continue
		}
		if r.sent && r.kind == once {
			lost = append(lost, o.first+uint64(i))
		}
		r.sent = false
	}
	for _, number := range lost {
		failed = append(failed, o.remove(number))
	}
	failed = slices.AppendSeq(failed, maps.Values(o.urgent))
	clear(o.urgent)
	o.unsent = nil
	o.passed = 0
	return failed
}

// drain removes all requests and returns them.
func (o *outbox) drain() []*request {
	all := slices.DeleteFunc(o.requests, func(r *request) bool { return r == nil })
	all = slices.AppendSeq(all, maps.Values(o.urgent))
	*o = newOutbox()
	return all
}

// encode returns a request as a line with LF.
func encode(v any) []byte {
	line, err := json.Marshal(v)
	if err != nil {
		panic(err) // only strings and numbers are encoded
	}
	return append(line, '\n')
}
