package jetstream

import (
	"errors"
	"fmt"
	"sync"
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
	now   [activities]error
	since time.Time
}

// A report logs the problems of all partitions, of which most are the same.
type report struct {
	mu     sync.Mutex           // taken after that of a partition
	failed time.Time            // when the first of the present problems was noted; zero if there is none
	logged map[string]time.Time // by the text of a problem
}

// errNoAnswer is the problem of a partition without acks, or without a connection.
var errNoAnswer = errors.New("no answer from NATS JetStream")

// errNobody is the problem of a partition whose stream has no server, or no leader.
var errNobody = errors.New("no NATS server stores messages")

// errOld is why a message was refused that the stream perhaps has, with an id that was given before.
var errOld = errors.New("the stream is an older state")

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
		*ps = problems{}
		p.failure.Store(nil)
	} else {
		if ps.since.IsZero() {
			ps.since = time.Now()
		}
		p.failure.Store(&history.Failure{Err: current, Since: ps.since, Hint: Hint(current)})
	}
	p.journal.logProblem(p.failure.Load())
}

// logProblem logs a problem, unless the log has it from the last minute, and with nil that the last one is solved.
func (j *Journal) logProblem(f *history.Failure) {
	r := &j.report
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	switch {
	case f != nil:
		if r.failed.IsZero() {
			r.failed = now
		}
		if text := f.Err.Error(); now.Sub(r.logged[text]) >= logEvery {
			if r.logged == nil || len(r.logged) > 100 {
				r.logged = make(map[string]time.Time)
			}
			r.logged[text] = now
			j.log.Error("history can't be written", "err", f.Err, "since", f.Since.Format(time.RFC3339), "hint", f.Hint)
		}
	case j.Failure() == nil:
		j.log.Info("history is written again", "after", now.Sub(r.failed).Round(time.Millisecond))
		r.failed = time.Time{}
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
	noResources = 10023
	noSpace     = 10077 // and other limits of a stream or an account
	noPeers     = 10005
	noCluster   = 10074
)

// Hint returns what the operator can do about an error of NATS.
func Hint(err error) string {
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
	case number == noPeers, number == noCluster:
		return "start more NATS servers, or give --nats-replicas a smaller number"
	case errors.Is(err, errNobody), errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount), errors.Is(err, nats.ErrNoResponders):
		return "if it lasts, read the logs of the NATS servers: most of them do not run, or JetStream is off, as after its disk was full"
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrPermissionViolation):
		return "check --nats-creds, and what its user may do"
	}
	return "check the NATS servers and the network to them; no restart is needed"
}

// Figures of a Journal.
type Figures struct {
	Foreign     int64         // messages that were not valid
	Restarts    int64         // consumers that were created again
	Waiting     int           // messages of this server that the streams have not returned
	OldestWaits time.Duration // for how long the oldest of them does; it is approximate
	Unindexed   int64         // sequences that are not in the index
	Behind      int64         // sequences of the streams that this server has not received, as of the last look
}

// Figures returns the present figures. Any goroutine may call it.
func (j *Journal) Figures() Figures {
	f := Figures{Foreign: j.foreign.Load(), Restarts: j.restarts.Load()}
	for _, p := range j.partitions {
		p.mu.Lock()
		f.Waiting += len(p.publications.byOrigin)
		if order := p.publications.order; len(order) > 0 {
			f.OldestWaits = max(f.OldestWaits, time.Since(order[0].appended))
		}
		f.Behind += max(p.end-p.position, 0)
		if j.opt.Index != nil && p.end >= p.first {
			f.Unindexed += max(p.end-max(p.indexed, p.first-1), 0)
		}
		p.mu.Unlock()
	}
	return f
}
