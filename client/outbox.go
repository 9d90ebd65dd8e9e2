package client

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// maxPending is how many requests may wait for their answer. Another one waits until there is room.
const maxPending = 1024

// A request is what a client sends. Its name is the key of a message, and the ref of anything else.
type request struct {
	line   []byte // with LF
	name   string
	once   bool // it must not be sent again over another link
	urgent bool // it belongs to the present link
	done   func(*object, error)
}

// An outbox holds the requests that the server has not answered, in the order in which they were made.
type outbox struct {
	prefix   string // of names, different for each client
	made     uint64
	requests []*request // a nil element is answered
	answered int        // nil elements at the start
	sent     int        // elements that were sent over the present link
	urgent   []*request // urgent ones that are not sent yet; they are not in requests
	byName   map[string]*request
}

func newOutbox() outbox {
	return outbox{prefix: rand.Text()[:16] + "-", byName: make(map[string]*request)}
}

func (o *outbox) len() int { return len(o.byName) }

// name returns a new name.
func (o *outbox) name() string {
	o.made++
	return o.prefix + strconv.FormatUint(o.made, 36)
}

func (o *outbox) add(r *request) {
	o.requests = append(o.requests, r)
	o.byName[r.name] = r
}

// addUrgent adds a request that is sent before all others, over the present link only.
func (o *outbox) addUrgent(r *request) {
	r.urgent = true
	o.urgent = append(o.urgent, r)
	o.byName[r.name] = r
}

// take removes the request with a name and returns it, or nil.
func (o *outbox) take(name string) *request {
	r := o.byName[name]
	if r == nil {
		return nil
	}
	delete(o.byName, name)
	for i := o.answered; i < len(o.requests); i++ { // usually the first
		if o.requests[i] == r {
			o.requests[i] = nil
			break
		}
	}
	for o.answered < len(o.requests) && o.requests[o.answered] == nil {
		o.answered++
	}
	if o.answered >= maxPending || o.answered == len(o.requests) {
		o.requests = append(o.requests[:0], o.requests[o.answered:]...)
		o.sent = max(o.sent-o.answered, 0)
		o.answered = 0
	}
	return r
}

// next appends the lines that were not sent over this link to dst, up to about max bytes. It also returns
// the request of the first one, or nil if there is none.
func (o *outbox) next(dst [][]byte, max int) (lines [][]byte, first *request) {
	for _, r := range o.urgent {
		first = cmp.Or(first, r)
		dst = append(dst, r.line)
	}
	o.urgent = nil
	for ; o.sent < len(o.requests) && max > 0; o.sent++ {
		if r := o.requests[o.sent]; r != nil {
			first = cmp.Or(first, r)
			dst = append(dst, r.line)
			max -= len(r.line)
		}
	}
	return dst, first
}

// unlink prepares the outbox for another link. It removes and returns the requests that were made for
// the last one.
func (o *outbox) unlink() (failed []*request) {
	for _, r := range o.requests[:o.sent] {
		if r != nil && r.once {
			failed = append(failed, r)
		}
	}
	for _, r := range o.byName {
		if r.urgent {
			failed = append(failed, r)
		}
	}
	for _, r := range failed {
		o.take(r.name)
	}
	o.urgent = nil
	o.sent = 0
	return failed
}

// drain removes all requests and returns them.
func (o *outbox) drain() []*request {
	all := slices.Collect(maps.Values(o.byName))
	*o = outbox{prefix: o.prefix, made: o.made, byName: make(map[string]*request)}
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
