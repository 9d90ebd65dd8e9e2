package jetstream

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// searchWait bounds how long a search waits for the index to have the newest messages.
const searchWait = 200 * time.Millisecond

// An Index keeps copies of messages and searches them. It is a cache: what it lacks is copied from the streams.
type Index interface {
	history.Searcher

	// Newest returns the newest id of each room.
	Newest() (map[string]int64, error)

	// Copy stores a message and its key, or "", unless the room has it or a newer one. It calls done once. The messages
	// are stored in the order of the calls.
	Copy(m *wire.Message, key string, done func(error))
}

// Search implements history.Searcher, with the Index. It waits a moment for the index to have the newest messages.
func (j *Journal) Search(room string, q *history.Query, before int64, limit int) ([]*wire.Message, bool, error) {
	if j.opt.Index == nil {
		return nil, false, history.ErrNoSearch
	}
	p := j.partition(room)
	p.mu.Lock()
	isIndexed, position := p.isIndexed, p.position
	p.mu.Unlock()
	if !isIndexed {
		return nil, false, history.ErrIndexing
	}
	for wait := time.Millisecond; p.indexedUpTo() < position && wait < searchWait; wait *= 2 {
		time.Sleep(wait) // for the messages that the searcher has just seen
	}
	found, more, err := j.opt.Index.Search(room, q, before, limit)
	if age := j.opt.Retention.Age; age > 0 { // the index may keep messages a little longer
		now := time.Now()
		kept := slices.DeleteFunc(found, func(m *wire.Message) bool { return now.Sub(m.At) > age })
		more = more && len(kept) == len(found)
		found = kept
	}
	return found, more, err
}

// index copies the messages of all partitions to the Index until ctx is done.
func (j *Journal) index(ctx context.Context) {
	newest, err := j.opt.Index.Newest()
	for ; err != nil; newest, err = j.opt.Index.Newest() {
		if !pause(ctx, lookInterval) {
			return
		}
	}
	for room, id := range newest {
		p := j.partition(room)
		p.mu.Lock()
		p.indexed = max(p.indexed, id)
		p.mu.Unlock()
	}
	var copying sync.WaitGroup
	for _, p := range j.partitions {
		copying.Go(func() {
			for !p.started.Load() {
				if !pause(ctx, retryTime) {
					return
				}
			}
			for first := true; first || pause(ctx, lookInterval); first = false {
				if err := p.copyToIndex(ctx); err != nil && ctx.Err() == nil {
					j.log.Debug("index", "stream", p.stream, "err", err)
				}
			}
		})
	}
	copying.Wait()
}

// pause waits. It returns false if ctx is done.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// copyToIndex copies messages with one consumer until it fails.
func (p *partition) copyToIndex(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	arrived, failed, err := p.receive(ctx, p.indexedUpTo()+1)
	if err != nil {
		return err
	}
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	before, wanted := p.indexedUpTo(), p.newest() // at the last tick
	p.setIndexed(p.indexedUpTo(), wanted)
	for {
		select {
		case m := <-arrived:
			batch := p.gather(m, arrived, p.indexedUpTo())
			if len(batch) == 0 {
				continue
			}
			if err := p.copyBatch(batch); err != nil {
				return err
			}
			p.setIndexed(batch[len(batch)-1].sequence, wanted)
		case <-tick.C:
			if at := p.indexedUpTo(); at == before && at < wanted && p.firstSequence() <= wanted {
				return errBehind
			}
			before, wanted = p.indexedUpTo(), p.newest()
		case err := <-failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// copyBatch copies messages to the index, and waits until they are stored.
func (p *partition) copyBatch(batch []received) error {
	var stored sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for _, r := range batch {
		m, key, err := p.parse(r)
		if err != nil {
			continue
		}
		stored.Add(1)
		p.journal.opt.Index.Copy(m, key, func(err error) {
			defer stored.Done()
			mu.Lock()
			defer mu.Unlock()
			failed = errors.Join(failed, err)
		})
	}
	stored.Wait()
	return failed
}

// setIndexed notes that the index has all messages up to a sequence. wanted is what it must have to be complete.
func (p *partition) setIndexed(sequence, wanted int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.indexed = sequence
	p.isIndexed = p.isIndexed || sequence >= wanted || p.first > wanted
}

// indexedUpTo returns the newest sequence in the index.
func (p *partition) indexedUpTo() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.indexed
}
