package jetstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"partyline/hub/history"
)

// dialWait bounds how long a tool waits for a connection.
const dialWait = 10 * time.Second

// dialTool returns a Journal with a connection that only reads or writes the streams. The caller closes the connection.
func dialTool(ctx context.Context, o Options) (*Journal, error) {
	j, err := dial(o)
	if err != nil {
		return nil, err
	}
	connected := *j.reconnected.Load()
	if j.nc.IsConnected() {
		return j, nil
	}
	select {
	case <-connected:
		return j, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(dialWait):
		err = fmt.Errorf("no connection to NATS after %v: check --nats, and the NATS servers", dialWait)
		if last := j.nc.LastError(); last != nil {
			err = fmt.Errorf("%w: %w", err, last)
		}
	}
	j.nc.Close()
	return nil, err
}

// lookup returns the state of a stream that partyline has created.
func (p *partition) lookup(ctx context.Context) (*jetstream.StreamInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	s, err := p.journal.js.Stream(ctx, p.stream)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", p.stream, err)
	}
	return s.CachedInfo(), withHint(p.checkMetadata(s.CachedInfo()))
}

// withHint adds the hint to the text of a streamError.
func withHint(err error) error {
	if problem, ok := errors.AsType[*streamError](err); ok {
		return fmt.Errorf("%w: %s", problem, problem.hint)
	}
	return err
}

// inspect returns the state of a stream that is not importing.
func (p *partition) inspect(ctx context.Context) (*jetstream.StreamInfo, error) {
	info, err := p.lookup(ctx)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, fmt.Errorf("there is no stream %s: give the --nats-stream of the servers", p.stream)
	} else if err != nil {
		return nil, err
	}
	if info.Config.Metadata[importingKey] != "" {
		return nil, withHint(p.halfImported())
	}
	p.imported.Store(importedOf(info))
	return info, nil
}

// allRooms is the room of scan for all rooms.
const allRooms = ""

// scanAtOnce is how many messages a scan reads at once.
const scanAtOnce = 1000

// scan calls visit with the messages of a room up to a sequence, or with those of allRooms, in their order. It stops at the
// first error.
func (p *partition) scan(ctx context.Context, room string, upTo int64, visit func(received) error) error {
	tries := 0
	for from := int64(1); from <= upTo; {
		found, err := p.fetch(room, from, scanAtOnce)
		if err != nil {
			return err
		}
		if len(found) == 0 { // the end, or a replica that lacks messages
			newer, err := p.hasNewer(room, from-1, upTo)
			if err != nil || !newer {
				return err
			}
			if tries++; tries == staleTries {
				return errStale
			}
			pause(ctx, retryTime)
		} else {
			tries = 0
		}
		for _, f := range cut(found, upTo) {
			if f.subject == p.probeSubject() {
				continue
			}
			if err := visit(f.received); err != nil {
				return err
			}
		}
		if len(found) > 0 {
			from = found[len(found)-1].sequence + 1
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// Export calls emit with the history in the streams as they are now: the messages of one stream after the other, the rooms,
// and the end, which says whether servers use the streams. room is the only room, or "". Export stops at the first error of emit, or when
// ctx is done. It returns how many messages are left out since they are not valid.
func Export(ctx context.Context, o Options, room string, emit func(*history.Record) error) (invalid int, err error) {
	j, err := dialTool(ctx, o)
	if err != nil {
		return 0, err
	}
	defer j.nc.Close()
	ends, last, err := j.ends(ctx)
	if err != nil {
		return 0, err
	}
	rooms := make(map[string]*history.Record)
	for i, p := range j.partitions {
		if room != "" && p != j.partition(room) {
			continue
		}
		err := p.scan(ctx, room, ends[i], func(r received) error {
			m, key, err := p.parse(r)
			if err != nil {
				invalid++
				return nil
			}
			if rooms[m.Room] == nil {
				rooms[m.Room] = &history.Record{Type: history.RecordRoom, Room: m.Room, Base: m.ID - 1, Last: last, Sparse: last}
			}
			return emit(history.RecordOf(m, key))
		})
		if err != nil {
			return invalid, err
		}
	}
	if room != "" && len(rooms) == 0 {
		return invalid, fmt.Errorf("the history has no room %q", room)
	}
	for _, name := range slices.Sorted(maps.Keys(rooms)) {
		if err := emit(rooms[name]); err != nil {
			return invalid, err
		}
	}
	now, _, err := j.ends(ctx)
	if err != nil {
		return invalid, err
	}
	open := !slices.Equal(now, ends)
	if !open {
		if open, err = j.partitions[0].isFollowed(ctx); err != nil {
			return invalid, err
		}
	}
	return invalid, emit(&history.Record{
		Type: history.RecordEnd, At: time.Now().UTC().Truncate(time.Millisecond), Floor: last, Open: open,
	})
}

// isFollowed reports whether servers receive the messages of a stream.
func (p *partition) isFollowed(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	s, err := p.journal.js.Stream(ctx, p.stream)
	if err != nil {
		return false, err
	}
	consumers := s.ListConsumers(ctx)
	followed := false
	for c := range consumers.Info() {
		followed = followed || c.NumWaiting > 0
	}
	return followed, consumers.Err()
}

// ends returns the end of each stream, and the greatest of them.
func (j *Journal) ends(ctx context.Context) (ends []int64, last int64, err error) {
	for _, p := range j.partitions {
		info, err := p.inspect(ctx)
		if err != nil {
			return nil, 0, err
		}
		ends = append(ends, lastOf(info))
	}
	return ends, slices.Max(ends), nil
}

// maxProblems bounds the problems that Verify reports of a stream.
const maxProblems = 100

// Verify calls report, with one line, for each message in the streams that is not valid, or whose id is not greater than
// those before it in its room. It changes nothing, and servers may use the streams. An error means that it is not complete.
func Verify(ctx context.Context, o Options, report func(problem string)) error {
	j, err := dialTool(ctx, o)
	if err != nil {
		return err
	}
	defer j.nc.Close()
	ends, _, err := j.ends(ctx)
	if err != nil {
		return err
	}
	for i, p := range j.partitions {
		newest := make(map[string]int64)
		problems := 0
		err := p.scan(ctx, allRooms, ends[i], func(r received) error {
			m, _, err := p.parse(r)
			if err == nil && m.ID <= newest[m.Room] {
				err = fmt.Errorf("id %d of room %s comes after %d", m.ID, m.Room, newest[m.Room])
			}
			if err == nil {
				newest[m.Room] = m.ID
			} else if problems++; problems <= maxProblems {
				report(fmt.Sprintf("stream %s, sequence %d: %v", p.stream, r.sequence, err))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
