package jetstream

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"partyline/hub/history"
)

// What a partition does, and may have a problem with.
const (
	receiving = iota
	publishing
	activities
)

// logEvery is the least time between two log messages about one problem.
const logEvery = time.Minute

// problems are those of a partition. The mu of the partition guards them.
type problems struct {
	now    [activities]error
	since  time.Time
	logged map[string]time.Time // by the text of a problem
}

// errNoAnswer is the problem of a partition without acks, or without a connection.
var errNoAnswer = errors.New("no answer from NATS JetStream")

// A refusedError is the answer of a stream that does not store a message.
type refusedError struct {
	number      int // as NATS numbers errors
	description string
}

func (e *refusedError) Error() string {
	return fmt.Sprintf("NATS JetStream: %s (error %d)", e.description, e.number)
}

// setProblemLocked notes why an activity fails, or with nil that it does not.
func (p *partition) setProblemLocked(activity int, err error) {
	ps := &p.problems
	if err == nil && ps.now[activity] == nil {
		return
	}
	ps.now[activity] = err
	current := errors.Join(ps.now[:]...)
	if ps.now[receiving] != nil {
		current = ps.now[receiving]
	}
	if current == nil {
		p.journal.log.Info("history is written again", "stream", p.stream, "after", time.Since(ps.since).Round(time.Millisecond))
		*ps = problems{logged: ps.logged}
		p.failure.Store(nil)
		return
	}
	now := time.Now()
	if ps.since.IsZero() {
		ps.since = now
	}
	f := &history.Failure{Err: current, Since: ps.since, Hint: hint(current)}
	p.failure.Store(f)
	if text := current.Error(); now.Sub(ps.logged[text]) >= logEvery {
		if ps.logged == nil || len(ps.logged) > 100 {
			ps.logged = make(map[string]time.Time)
		}
		ps.logged[text] = now
		p.journal.log.Error("history can't be written", "stream", p.stream, "err", current, "since", f.Since.Format(time.RFC3339), "hint", f.Hint)
	}
}

// setProblem is setProblemLocked for a caller without p.mu.
func (p *partition) setProblem(activity int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setProblemLocked(activity, err)
}

// Numbers of errors of NATS.
const (
	noResources   = 10023
	noSpace       = 10077 // and other limits of a stream or an account
	noQuorum      = 10008
	noPeers       = 10005
	noPermissions = "permissions violation"
)

// hint returns what the operator can do about an error.
func hint(err error) string {
	var api *jetstream.APIError
	var refused *refusedError
	number := 0
	switch {
	case errors.As(err, &api):
		number = int(api.ErrorCode)
	case errors.As(err, &refused):
		number = refused.number
	}
	var problem *streamError
	switch {
	case errors.As(err, &problem):
		return problem.hint
	case number == noResources, number == noSpace:
		return "free space on the disks of the NATS servers, or raise their limits; no restart is needed"
	case number == noPeers:
		return "start more NATS servers, or give --nats-replicas a smaller number"
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount), errors.Is(err, nats.ErrNoResponders):
		return "enable JetStream on the NATS servers, or wait until most of them run"
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrPermissionViolation):
		return "check --nats-creds, and what its user may do"
	}
	return "check the NATS servers and the network to them; no restart is needed"
}
