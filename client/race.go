package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Times of a race.
const (
	headStart = 300 * time.Millisecond // of a target, before the next one is tried
	// patience is for a target that comes before one that was reached. It is less than a second: after that
	// the server announces a client that has not asked for anything.
	patience = 500 * time.Millisecond
)

// A reached is the result of an attempt to reach the target with an index.
type reached struct {
	i   int
	l   link
	err error
}

// A race tries to reach targets, each a little later than the one before, and enters a room over the first
// one that lets the client in. If several are reached, the earlier ones come first.
type race struct {
	d       *dialer
	targets []*target
	results chan reached
	errs    []error // of each target that has failed
	links   []link  // of each target that is reached and not used
	next    int     // the first target that is not tried
	running int     // attempts
}

// joinAny is join for an address that means several targets. It returns the one that it used.
func (d *dialer) joinAny(ctx context.Context, address string, targets []*target, want entry) (*arrival, *target, error) {
	if len(targets) == 1 {
		a, err := d.join(ctx, targets[0], want)
		return a, targets[0], err
	}
	limited, cancel := context.WithTimeout(ctx, dialTimeout)
	r := race{
		d: d, targets: targets,
		results: make(chan reached, len(targets)),
		errs:    make([]error, len(targets)),
		links:   make([]link, len(targets)),
	}
	defer func() {
		cancel()
		r.end()
	}()
	for {
		i := r.winner(limited)
		if i < 0 {
			return nil, nil, r.failure(address)
		}
		l := r.links[i]
		r.links[i] = nil
		a, err := enter(limited, l, targets[i], want)
		var bad *DialError
		if err == nil || errors.As(err, &bad) && bad.Refused {
			return a, targets[i], err
		}
		r.errs[i] = err // it is not partyline
	}
}

// winner returns the index of the target to use next, which is reached, or -1 if all have failed.
func (r *race) winner(ctx context.Context) int {
	start := time.NewTimer(0) // the next attempt
	defer start.Stop()
	var late <-chan time.Time // ends the wait for a target that comes before the best one
	for {
		best := r.best()
		switch {
		case best >= 0 && r.failedBefore(best):
			return best
		case best < 0 && r.running == 0 && r.next == len(r.targets):
			return -1
		case best >= 0 && late == nil:
			timer := time.NewTimer(patience)
			defer timer.Stop()
			late = timer.C
		}
		select {
		case a := <-r.results:
			r.running--
			r.links[a.i], r.errs[a.i] = a.l, a.err
			if a.err != nil {
				start.Reset(0)
			}
		case <-start.C:
			if best < 0 && r.next < len(r.targets) {
				r.start(ctx)
				start.Reset(headStart)
			}
		case <-late:
			return best
		}
	}
}

// start tries the next target.
func (r *race) start(ctx context.Context) {
	i := r.next
	r.next++
	r.running++
	go func() {
		l, err := r.d.reach(ctx, r.targets[i])
		r.results <- reached{i, l, err}
	}()
}

// best returns the first target that is reached and was not used, or -1.
func (r *race) best() int {
	for i, l := range r.links {
		if l != nil {
			return i
		}
	}
	return -1
}

// failedBefore reports whether all targets before one have failed.
func (r *race) failedBefore(i int) bool {
	for _, err := range r.errs[:i] {
		if err == nil {
			return false
		}
	}
	return true
}

// end waits until all attempts have ended, and closes what they have opened. Their context is done.
func (r *race) end() {
	for ; r.running > 0; r.running-- {
		a := <-r.results
		r.links[a.i] = a.l
	}
	for _, l := range r.links {
		if l != nil {
			l.close()
		}
	}
}

// failure returns the error of a race in which all targets have failed. A refusal counts more than the others.
func (r *race) failure(address string) error {
	first := new(DialError)
	var schemes, causes []string
	same := true
	for i, err := range r.errs {
		var d *DialError
		if !errors.As(err, &d) || d.Refused {
			return err
		}
		if i == 0 {
			*first = *d
		}
		same = same && d.Err.Error() == first.Err.Error()
		schemes = append(schemes, r.targets[i].scheme)
		causes = append(causes, fmt.Sprintf("%s: %v", r.targets[i].scheme, d.Err))
	}
	if !same {
		return &DialError{
			Address: address,
			Err:     errors.New(strings.Join(causes, "; ")),
			Hint:    "write HOST:PORT for TCP, or the address of the page",
		}
	}
	first.Address = fmt.Sprintf("%s (%s)", address, strings.Join(schemes, ", "))
	return first
}
