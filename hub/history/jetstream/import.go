package jetstream

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"partyline/hub/history"
	"partyline/hub/wire"
)

const (
	// importWindow bounds the messages of an Import without an ack.
	importWindow = 4096
	// importWait bounds the wait for an ack.
	importWait = 30 * time.Second
)

// An Import publishes the records of an export to streams that it creates. Servers can't use the streams until Finish.
// One goroutine may use an Import.
//
// Messages keep their ids and times. A message that the streams have already is skipped, so that an import that ended
// early can be repeated. Nothing is deleted: servers do that, according to their history.Retention. Those keys are kept
// that are younger than history.KeyLife.
type Import struct {
	j        *Journal
	js       jetstream.JetStream // publishes
	streams  []*importStream
	rooms    map[string]*importRoom
	seed     maphash.Seed
	line     []byte
	ended    bool
	failed   atomic.Pointer[error] // of a message that was published
	reported bool                  // failure has returned it

	added, skipped int // see Counts
}

// An importStream is the stream of a partition. Each message is published with the sequence after which it comes. So the
// stream has all messages up to its last one, in their order, whenever an import ends.
type importStream struct {
	*partition
	settings jetstream.StreamConfig
	floor    int64 // its sequences are greater
	last     int64 // the last sequence
	old      bool  // it has messages of an earlier Import
}

// An importRoom is what an Import knows of a room.
type importRoom struct {
	newest int64 // the newest id in the stream
	sum    importSum
}

// An importSum tells whether messages of a room are the same.
type importSum struct {
	first, last int64 // ids
	count       int
	hash        uint64 // the sum of those of the messages
}

// OpenImport creates the streams, or opens those of an Import that was not finished. It returns an error if there are
// other streams. The caller must call Close.
func OpenImport(ctx context.Context, o Options) (*Import, error) {
	j, err := dialTool(ctx, o)
	if err != nil {
		return nil, err
	}
	i := &Import{j: j, rooms: make(map[string]*importRoom), seed: maphash.MakeSeed()}
	i.js, err = j.opt.jetStream(j.nc, jetstream.WithPublishAsyncMaxPending(importWindow), jetstream.WithPublishAsyncTimeout(importWait),
		jetstream.WithPublishAsyncErrHandler(func(_ jetstream.JetStream, _ *nats.Msg, err error) { i.failed.CompareAndSwap(nil, &err) }))
	if err == nil {
		err = i.open(ctx)
	}
	if err != nil {
		j.nc.Close()
		return nil, err
	}
	return i, nil
}

// open opens the streams, and then creates those that are missing. An Import has created all of its streams before it
// completes the first of them.
func (i *Import) open(ctx context.Context) error {
	i.streams = make([]*importStream, len(i.j.partitions))
	importing := 0
	var complete, missing []*partition
	for n, p := range i.j.partitions {
		info, err := p.lookup(ctx)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			missing = append(missing, p)
			continue
		case err != nil:
			return err
		case info.Config.Metadata[importingKey] != "":
			importing++
		case info.Config.Metadata[importedKey] != "":
			complete = append(complete, p)
		default:
			return p.inUse()
		}
		floor, _ := floorOf(info)
		last := lastOf(info)
		i.streams[n] = &importStream{partition: p, settings: info.Config, floor: floor, last: last, old: last > floor}
	}
	if len(complete) > 0 && (importing == 0 || len(missing) > 0) {
		return complete[0].inUse()
	}
	for _, p := range missing {
		config := p.config()
		config.MaxMsgsPerSubject, config.MaxAge = -1, 0 // servers set them
		config.Metadata[importingKey] = "yes"
		create, cancel := context.WithTimeout(ctx, dialWait)
		s, err := i.j.js.CreateStream(create, config)
		cancel()
		if err != nil {
			return fmt.Errorf("stream %s: %w", p.stream, err)
		}
		floor, _ := floorOf(s.CachedInfo())
		i.streams[p.number] = &importStream{partition: p, settings: s.CachedInfo().Config, floor: floor, last: floor}
	}
	return nil
}

// inUse returns the error for a stream that servers may have used.
func (p *partition) inUse() error {
	return fmt.Errorf("stream %s has a history: import into new streams with another --nats-stream, or delete those of this one", p.stream)
}

// Add adds a record that history.ParseRecord has returned. It returns before the message is stored. After an error the
// caller calls Close.
func (i *Import) Add(ctx context.Context, r *history.Record) error {
	if err := i.failure(); err != nil {
		return err
	}
	i.ended = r.Type == history.RecordEnd
	switch r.Type {
	case history.RecordMessage, history.RecordAction:
		return i.addMessage(ctx, r)
	case history.RecordEnd:
		for _, s := range i.streams {
			if err := s.checkFloor(r.Floor, r.Jump); err != nil {
				return err
			}
		}
		return nil
	}
	return i.stream(r.Room).checkFloor(r.ID, r.Last)
}

// stream returns the stream of a room.
func (i *Import) stream(room string) *importStream { return i.streams[i.j.partition(room).number] }

// checkFloor returns an error unless all sequences of the stream are greater than ids that were given.
func (s *importStream) checkFloor(ids ...int64) error {
	for _, id := range ids {
		if id > s.floor {
			return fmt.Errorf("id %d was given, and new ids would start at %d: a clock was wrong; delete the streams, and import again after %s",
				id, s.floor+1, history.IDTime(id).UTC().Format(time.DateTime+" MST"))
		}
	}
	return nil
}

// addMessage publishes a message, unless the stream has it.
func (i *Import) addMessage(ctx context.Context, r *history.Record) error {
	s := i.stream(r.Room)
	if err := s.checkFloor(r.ID); err != nil {
		return err
	}
	room := i.rooms[r.Room]
	if room == nil {
		room = &importRoom{}
		if s.old {
			var err error
			if room.newest, err = s.newestID(ctx, r.Room); err != nil {
				return err
			}
		}
		i.rooms[r.Room] = room
	}
	if r.ID <= room.sum.last { // exports overlap
		i.skipped++
		return nil
	}
	i.addTo(&room.sum, r.Message(), r.Key)
	if r.ID <= room.newest {
		i.skipped++
		return nil
	}
	msg := &nats.Msg{Subject: s.subject(r.Room), Header: nats.Header{
		idHeader:                        {strconv.FormatInt(r.ID, 10)},
		timeHeader:                      {strconv.FormatInt(r.At.UnixMilli(), 10)},
		jetstream.ExpectedLastSeqHeader: {strconv.FormatInt(s.last, 10)},
	}, Data: encode(r.Message(), r.Key)}
	if r.Key != "" && time.Since(r.At) < history.KeyLife {
		msg.Header[nats.MsgIdHdr] = []string{messageID(r.Room, r.Key)}
	}
	if _, err := i.js.PublishMsgAsync(msg, jetstream.WithStallWait(importWait)); err != nil {
		return err
	}
	room.newest = r.ID
	s.last++
	i.added++
	return nil
}

// newestID returns the id of the newest message of a room in the stream, or 0.
func (s *importStream) newestID(ctx context.Context, room string) (int64, error) {
	stream, err := s.journal.js.Stream(ctx, s.stream)
	if err != nil {
		return 0, err
	}
	m, err := stream.GetLastMsgForSubject(ctx, s.subject(room))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	return strconv.ParseInt(m.Header.Get(idHeader), 10, 64)
}

// addTo adds a message to a sum.
func (i *Import) addTo(sum *importSum, m *wire.Message, key string) {
	i.line = append(append(m.AppendJSON(i.line[:0]), '\n'), key...)
	if sum.count == 0 {
		sum.first = m.ID
	}
	sum.last = m.ID
	sum.count++
	sum.hash += maphash.Bytes(i.seed, i.line)
}

// Counts returns the number of messages that were added, and that of those that the streams had.
func (i *Import) Counts() (added, skipped int) { return i.added, i.skipped }

// Ended reports whether the last record was the end of an export.
func (i *Import) Ended() bool { return i.ended }

// failure returns why a message was not stored.
func (i *Import) failure() error {
	err := i.failed.Load()
	if err == nil {
		return nil
	}
	i.reported = true
	var api *jetstream.APIError
	if errors.As(*err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant) {
		return errors.New("another program publishes to the streams, or the input has a key twice")
	}
	return fmt.Errorf("NATS has not stored a message: %w", *err)
}

// wait waits until all messages are stored.
func (i *Import) wait(ctx context.Context) error {
	select {
	case <-i.js.PublishAsyncComplete():
		return i.failure()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Finish reads the streams and compares them with the messages that were added. If they are the same, servers can use the
// streams from then on.
func (i *Import) Finish(ctx context.Context) error {
	if err := i.wait(ctx); err != nil {
		return err
	}
	for _, s := range i.streams {
		if err := i.verify(ctx, s); err != nil {
			return err
		}
	}
	for _, s := range i.streams {
		if err := s.complete(ctx); err != nil {
			return fmt.Errorf("stream %s: %w", s.stream, err)
		}
	}
	return nil
}

// complete lets servers use a stream.
func (s *importStream) complete(ctx context.Context) error {
	config := s.settings
	config.Metadata = maps.Clone(config.Metadata)
	delete(config.Metadata, importingKey)
	config.Metadata[importedKey] = strconv.FormatInt(s.last, 10)
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	_, err := s.journal.js.UpdateStream(ctx, config)
	return err
}

// verify compares a stream with the messages that were added.
func (i *Import) verify(ctx context.Context, s *importStream) error {
	s.imported.Store(s.last)
	sums := make(map[string]*importSum)
	err := s.scan(ctx, allRooms, s.last, func(r received) error {
		m, key, err := s.parse(r)
		if err != nil {
			return fmt.Errorf("stream %s, sequence %d: %w", s.stream, r.sequence, err)
		}
		room := i.rooms[m.Room]
		if room == nil || m.ID < room.sum.first {
			return nil // of an earlier export
		}
		if sums[m.Room] == nil {
			sums[m.Room] = &importSum{}
		}
		i.addTo(sums[m.Room], m, key)
		return nil
	})
	if err != nil {
		return err
	}
	for name, room := range i.rooms {
		if i.stream(name) != s {
			continue
		}
		if has := sums[name]; has == nil || *has != room.sum {
			return fmt.Errorf("stream %s has other messages of room %s than the input: delete the streams and import again", s.stream, name)
		}
	}
	return nil
}

// Close waits until the messages that were added are stored, or until ctx is done, and closes the connection. It returns an
// error that no other method has returned.
func (i *Import) Close(ctx context.Context) error {
	defer i.j.nc.Close()
	if i.reported {
		return nil
	}
	return i.wait(ctx)
}
