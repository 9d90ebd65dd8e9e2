package client

import "time"

// A client that gets no answer for a while sends a probe, so that Latency stays fresh and a dead link is noticed
// before the server gives the client up. Both are counted in ticks of clockInterval.
const (
	probeTicks = 4 // without an answer until there is a probe: 20 s
	deadTicks  = 3 // with an unanswered probe, in which nothing arrives, until the link is dead: 15 s
)

// A pulse measures how long the server takes to answer, one request at a time.
type pulse struct {
	latency time.Duration // of the last request that was measured; 0 before
	timed   *request      // sent, and its answer is awaited; nil for none
	sent    time.Time     // when timed was sent

	probe    *request // that is not answered; nil for none
	ticks    int      // since the last answer; if one is due, since the last arrival
	arrivals uint64   // of the link, at the last tick
}

// start measures the answer of a request that is about to be sent, unless another one is measured.
func (p *pulse) start(r *request) {
	if p.timed == nil && r != nil {
		p.timed, p.sent = r, time.Now()
	}
}

// answered notes that a request was answered.
func (p *pulse) answered(r *request) {
	p.ticks = 0
	if r == p.timed {
		p.latency = time.Since(p.sent)
		p.timed = nil
	}
	if r == p.probe {
		p.probe = nil
	}
}

// unlink prepares p for another link.
func (p *pulse) unlink() { *p = pulse{latency: p.latency} }

// Latency returns the time between a recent request of the client and its answer, or 0 before the first
// answer. While the client is connected, the figure is less than a minute old: a client without other
// requests asks for the list of members every 20 s. The time includes what the server waits for, such as its
// rate limit.
func (c *Client) Latency() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pulse.latency
}

// tick sends a probe if it is time. It returns errDead if the last one was not answered in time. arrivals
// counts what has arrived over the link.
func (s *session) tick(arrivals uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &s.pulse
	p.ticks++
	if s.outbox.len() > 0 && (arrivals != p.arrivals || s.full) {
		p.ticks = 0 // the answers come after what has arrived, or after what Next has not returned
	}
	p.arrivals = arrivals
	switch {
	case p.probe != nil && p.ticks >= deadTicks:
		return errDead
	case p.probe == nil && p.ticks >= probeTicks:
		p.ticks = 0
		p.probe = s.urgeLocked(func(ref string) any {
			return map[string]string{"type": "who", "ref": ref}
		}, func(*object, error) {})
	}
	return nil
}
