package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"partyline/hub/history"
)

// Keys of the metadata of a stream.
const (
	epochKey      = "partyline.epoch"
	floorKey      = "partyline.floor"
	partitionsKey = "partyline.partitions"
	importingKey  = "partyline.importing" // an import is not complete
	importedKey   = "partyline.imported"  // the messages up to this sequence were imported
)

// undelivered is how many messages of a room a stream keeps beyond those of the history, for servers that have not
// received them yet.
const undelivered = 100_000

// A streamError is a problem with a stream that only the operator can solve.
type streamError struct{ problem, hint string }

func (e *streamError) Error() string { return e.problem }

// config returns the configuration of a new stream.
func (p *partition) config() jetstream.StreamConfig {
	o := &p.journal.opt
	floor := history.IDFloor(time.Now())
	age := o.Retention.Age
	if age > 0 {
		age = max(age, history.KeyLife) // it may not be less than Duplicates
	}
	return jetstream.StreamConfig{
		Name:              p.stream,
		Description:       "messages of partyline",
		Subjects:          []string{p.subject("*"), p.probeSubject()},
		Storage:           jetstream.FileStorage,
		Replicas:          o.Replicas,
		MaxMsgsPerSubject: int64(o.Retention.Messages) + undelivered,
		MaxAge:            age,
		Duplicates:        history.KeyLife,
		FirstSeq:          uint64(floor) + 1,
		AllowDirect:       true,
		Metadata: map[string]string{
			epochKey: nuid.Next(), floorKey: strconv.FormatInt(floor, 10), partitionsKey: strconv.Itoa(o.Partitions),
		},
	}
}

// look creates the stream if it is missing, and checks it. It changes those settings of the stream that a flag has
// changed.
func (p *partition) look(ctx context.Context) (jetstream.Stream, error) {
	js, position := p.journal.js, p.newest()
	s, err := js.Stream(ctx, p.stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if s, err = js.CreateStream(ctx, p.config()); errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			s, err = js.Stream(ctx, p.stream) // another server was first
		}
	}
	if err != nil {
		return nil, err
	}
	info := s.CachedInfo()
	if err := p.check(info, position); err != nil {
		return nil, err
	}
	p.adopt(info)
	want, has := p.config(), info.Config
	if has.MaxMsgsPerSubject != want.MaxMsgsPerSubject || has.MaxAge != want.MaxAge || has.Replicas != want.Replicas {
		has.MaxMsgsPerSubject, has.MaxAge, has.Replicas = want.MaxMsgsPerSubject, want.MaxAge, want.Replicas
		if s, err = js.UpdateStream(ctx, has); err != nil {
			return nil, err
		}
		p.journal.log.Info("stream changed", "stream", p.stream, "messages", has.MaxMsgsPerSubject, "age", has.MaxAge, "replicas", has.Replicas)
	}
	return s, nil
}

// check checks that new messages of a stream have greater sequences than those that this server had received when it
// requested the state of the stream: up to a position.
func (p *partition) check(info *jetstream.StreamInfo, position int64) error {
	if err := p.checkMetadata(info); err != nil {
		return err
	}
	if info.Config.Metadata[importingKey] != "" {
		return p.halfImported()
	}
	p.mu.Lock()
	p.first, p.end = int64(info.State.FirstSeq), int64(info.State.LastSeq)
	p.mu.Unlock()
	if last := lastOf(info); last < position {
		return &streamError{
			fmt.Sprintf("stream %s ends at %d, and this server has received messages up to %d: it is an older state", p.stream, last, position),
			"wait until all NATS servers run; if the stream was restored from an older copy, delete it, and it is created again without history",
		}
	}
	return nil
}

// halfImported returns the error for a stream whose import is not complete.
func (p *partition) halfImported() error {
	return &streamError{
		fmt.Sprintf("the import into stream %s is not complete", p.stream),
		"run partyline history import again; servers start when it is complete",
	}
}

// lastOf returns the sequence of the newest message of a stream, or the last one that no message of it can have.
func lastOf(info *jetstream.StreamInfo) int64 {
	return max(int64(info.State.LastSeq), int64(info.State.FirstSeq)-1)
}

// checkMetadata checks that partyline has created a stream, with as many partitions.
func (p *partition) checkMetadata(info *jetstream.StreamInfo) error {
	partitions := info.Config.Metadata[partitionsKey]
	if _, err := floorOf(info); err != nil {
		return &streamError{fmt.Sprintf("stream %s was not created by partyline", p.stream), "give --nats-stream another name"}
	}
	if want := strconv.Itoa(p.journal.opt.Partitions); partitions != want {
		return &streamError{
			fmt.Sprintf("the rooms are divided among %s streams, and not %s", partitions, want),
			"give --nats-partitions " + partitions,
		}
	}
	return nil
}

// floorOf returns the id above which a stream has begun.
func floorOf(info *jetstream.StreamInfo) (int64, error) {
	return strconv.ParseInt(info.Config.Metadata[floorKey], 10, 64)
}

// importedOf returns the sequence up to which the messages of a stream were imported, or 0 if none was.
func importedOf(info *jetstream.StreamInfo) int64 {
	sequence, _ := strconv.ParseInt(info.Config.Metadata[importedKey], 10, 64)
	return sequence
}

// adopt notes which ids the stream has, and moves the position if messages after it were removed.
func (p *partition) adopt(info *jetstream.StreamInfo) {
	epoch, first := info.Config.Metadata[epochKey], int64(info.State.FirstSeq)
	imported := importedOf(info)
	p.imported.Store(imported)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.epoch == "":
		p.position = lastOf(info)
	case epoch != p.epoch:
		p.journal.log.Error("the stream was created again: its history is lost", "stream", p.stream)
		p.position = max(p.position, first-1, imported)
	case first > p.position+1:
		p.journal.log.Error("messages were removed from the stream before this server received them", "stream", p.stream, "ids", first-1-p.position)
		p.position = first - 1
	}
	p.epoch = epoch
	p.floor, _ = floorOf(info)
}

// firstSequence returns the sequence of the oldest message in the stream, as of the last look.
func (p *partition) firstSequence() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.first
}

// newest returns the position.
func (p *partition) newest() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.position
}
