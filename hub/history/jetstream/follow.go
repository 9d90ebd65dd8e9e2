package jetstream

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// lookInterval is the time between two looks at a stream.
	lookInterval = time.Second
	// lookTimeout bounds a request to JetStream.
	lookTimeout = 3 * time.Second
	// maxMisses is how many looks fail until the consumer is created again.
	maxMisses = 5
	// maxBatch bounds the messages that are committed at once.
	maxBatch = 512
)

var errBehind = errors.New("the stream has newer messages, and none arrives")

// follow receives the messages of the stream until ctx is done.
func (p *partition) follow(ctx context.Context) {
	for ctx.Err() == nil {
		reconnected := *p.journal.reconnected.Load()
		err := p.consume(ctx, reconnected)
		if ctx.Err() != nil {
			return
		}
		if err == nil || errors.Is(err, errBehind) || errors.Is(err, jetstream.ErrStreamNotFound) {
			continue // a new consumer
		}
		if !p.journal.nc.IsConnected() {
			err = errNoAnswer
		}
		p.setProblem(receiving, err)
		select {
		case <-ctx.Done():
		case <-reconnected:
		case <-time.After(lookInterval):
		}
	}
}

// consume receives messages with one consumer until it fails, or reconnected is closed.
func (p *partition) consume(ctx context.Context, reconnected <-chan struct{}) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s, err := p.lookAt(ctx)
	if err != nil {
		return err
	}
	arrived, failed, err := p.receive(ctx, p.newest()+1)
	if err != nil {
		return err
	}
	if p.started.Swap(true) {
		p.journal.restarts.Add(1)
	} else if p.journal.unready.Add(-1) == 0 {
		p.journal.log.Info("history ready", "stream", p.journal.opt.Stream)
	}
	p.setProblem(receiving, nil)
	behind := make(chan error, 1)
	var supervisor sync.WaitGroup
	supervisor.Go(func() { behind <- p.supervise(ctx, s) })
	defer supervisor.Wait()
	defer stop()
	for {
		select {
		case m := <-arrived:
			p.take(m, arrived)
		case err := <-behind:
			return err
		case err := <-failed:
			return err
		case <-reconnected:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// receive creates a consumer that receives messages from a sequence on until ctx is done. The second channel gets an
// error if it fails.
func (p *partition) receive(ctx context.Context, from int64) (<-chan jetstream.Msg, <-chan error, error) {
	create, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	c, err := p.journal.js.OrderedConsumer(create, p.stream, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: uint64(from),
	})
	if err != nil {
		return nil, nil, err
	}
	arrived, failed := make(chan jetstream.Msg, maxBatch), make(chan error, 1)
	consuming, err := c.Consume(func(m jetstream.Msg) {
		select {
		case arrived <- m:
		case <-ctx.Done():
		}
	}, jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		p.journal.log.Debug("consumer", "stream", p.stream, "err", err)
		if errors.Is(err, jetstream.ErrOrderedConsumerReset) {
			select {
			case failed <- err:
			default:
			}
		}
	}))
	if err != nil {
		return nil, nil, err
	}
	context.AfterFunc(ctx, consuming.Stop)
	return arrived, failed, nil
}

// lookAt is look with a time limit.
func (p *partition) lookAt(ctx context.Context) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	return p.look(ctx)
}

// take applies a message and those that have arrived after it.
func (p *partition) take(m jetstream.Msg, arrived <-chan jetstream.Msg) {
	p.apply(p.gather(m, arrived, p.newest()))
}

// gather returns a message and those that have arrived after it, at most maxBatch, with sequences after position.
func (p *partition) gather(m jetstream.Msg, arrived <-chan jetstream.Msg, position int64) []received {
	batch := make([]received, 0, len(arrived)+1)
	for {
		if r, err := p.received(m); err == nil && r.sequence > position {
			position = r.sequence
			batch = append(batch, r)
		}
		if len(batch) < maxBatch {
			select {
			case m = <-arrived:
				continue
			default:
			}
		}
		return batch
	}
}

// supervise looks at the stream again and again, and returns an error if the consumer must be created again, or ctx is
// done.
func (p *partition) supervise(ctx context.Context, s jetstream.Stream) error {
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	var before, wanted int64 // at the last look: the position, and the end of the stream
	for misses := 0; ; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		requested := p.newest()
		info, err := p.info(ctx, s)
		if err == nil {
			err = p.check(info, requested)
		}
		position := p.newest()
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			return err
		case err != nil:
			// An election takes seconds, and a new leader may not have applied all messages yet.
			if misses++; misses == maxMisses {
				return err
			}
		case wanted > position && position == before:
			return errBehind
		default:
			misses, before, wanted = 0, position, int64(info.State.LastSeq)
			p.probe()
		}
	}
}

// info returns the state of a stream.
func (p *partition) info(ctx context.Context, s jetstream.Stream) (*jetstream.StreamInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	return s.Info(ctx)
}

// probe publishes a message of no room if messages are refused: its ack says that they can be stored again. A leader that
// answers other requests may not be able to store anything, as its disk is full.
func (p *partition) probe() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.publications.down {
		p.journal.nc.PublishRequest(p.probeSubject(), p.journal.inbox+strconv.Itoa(p.number)+".0", nil)
	}
}

// probeSubject is the subject of probes, which is that of no room.
func (p *partition) probeSubject() string { return p.subject("probe") + ".0" }

// watch retries publications until ctx is done.
func (p *partition) watch(ctx context.Context) {
	tick := time.NewTicker(retryTime)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			p.findRepeated()
			p.retry(now)
		case <-ctx.Done():
			return
		}
	}
}
