package natsdir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"partyline/hub/directory"
)

const (
	// entryLife is how long an entry stays that is not refreshed.
	entryLife = 3 * time.Hour
	// refreshInterval is the time between two refreshes of an entry.
	refreshInterval = time.Hour
	// maxOpenTime is the longest time that the bucket may take to open until it is tried again.
	maxOpenTime = 10 * time.Second
	// claimTries is how often an entry is read again that has changed since it was read.
	claimTries = 5
)

var errUnavailable = errors.New("the store of names does not answer")

// claims are the entries of this server in the bucket.
type claims struct {
	directory *Directory
	opened    chan struct{}      // closed when there is a bucket
	bucket    jetstream.KeyValue // written before opened is closed

	mu       sync.Mutex
	owned    map[string]*owned // by key
	released []release
	failing  time.Time // when the store did not answer last; zero if it does
	wake     chan struct{}
}

// An owned entry is, or is about to be, one of this server.
type owned struct {
	id       string
	revision uint64 // 0 until it is written
	entry    entry
	later    bool // it is to be written when the store answers
}

// An entry of the bucket.
type entry struct {
	Server string `json:"server"`
	ID     string `json:"id"`
	Token  string `json:"token"`          // its hash
	Free   bool   `json:"free,omitempty"` // nobody has the name; it can be resumed
}

// A release frees an entry.
type release struct {
	key string
	o   *owned
}

func (c *claims) init(d *Directory) {
	c.directory, c.owned, c.wake, c.opened = d, make(map[string]*owned), make(chan struct{}, 1), make(chan struct{})
}

// key returns the key of a skeleton. A skeleton may have any character.
func key(skeleton string) string { return "name." + hash(skeleton) }

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// store returns the bucket, and waits until it is open. After a failure it fails for answerTime, so that clients do not
// wait one after the other.
func (c *claims) store(ctx context.Context) (jetstream.KeyValue, error) {
	c.mu.Lock()
	failing := time.Since(c.failing) < answerTime
	c.mu.Unlock()
	if failing || !c.directory.opt.Conn.IsConnected() {
		return nil, errUnavailable
	}
	select {
	case <-c.opened:
		return c.bucket, nil
	case <-ctx.Done():
		return nil, c.failed(errUnavailable)
	}
}

// open opens the bucket, and creates it if it is missing. It tries until ctx is done: if several servers create it at once,
// JetStream may not answer all of them.
func (c *claims) open(ctx context.Context) {
	last := "" // error
	for patience := answerTime / 2; ctx.Err() == nil; {
		if !c.directory.opt.Conn.IsConnected() {
			pause(ctx, 100*time.Millisecond)
			continue
		}
		once, cancel := context.WithTimeout(ctx, patience)
		bucket, err := c.tryOpen(once)
		if err == nil {
			cancel()
			c.bucket = bucket
			close(c.opened)
			return
		}
		if text := err.Error(); text != last && ctx.Err() == nil {
			last = text
			c.directory.opt.Log.Warn("can't open the bucket of names", "err", err)
		}
		<-once.Done()
		cancel()
		patience = min(2*patience, maxOpenTime)
	}
}

// pause waits, or until ctx is done.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func (c *claims) tryOpen(ctx context.Context) (jetstream.KeyValue, error) {
	o := &c.directory.opt
	config := jetstream.KeyValueConfig{
		Bucket: Bucket(o.Name), Description: "names of partyline", History: 1, TTL: entryLife, Replicas: o.Replicas,
	}
	bucket, err := o.Stream.KeyValue(ctx, config.Bucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		if bucket, err = o.Stream.CreateKeyValue(ctx, config); err != nil {
			bucket, err = o.Stream.KeyValue(ctx, config.Bucket) // another server was first
		}
	} else if err == nil {
		c.adapt(ctx, bucket, config)
	}
	return bucket, err
}

// adapt changes the replicas of the bucket, and the life of its entries, to those of config.
func (c *claims) adapt(ctx context.Context, bucket jetstream.KeyValue, config jetstream.KeyValueConfig) {
	status, err := bucket.Status(ctx)
	if err == nil {
		if has := status.Config(); has.Replicas != config.Replicas || has.TTL != config.TTL {
			has.Replicas, has.TTL = config.Replicas, config.TTL
			_, err = c.directory.opt.Stream.UpdateKeyValue(ctx, has)
		}
	}
	if err != nil {
		c.directory.opt.Log.Warn("can't change the bucket of names", "replicas", config.Replicas, "err", err)
	}
}

// failed notes that the store did not answer.
func (c *claims) failed(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failing = time.Now()
	return err
}

// Claim implements directory.Directory.
func (d *Directory) Claim(claim directory.Claim) (directory.Answer, error) {
	a, err := d.claim(claim)
	if err != nil && claim.Later {
		return directory.Answer{OK: d.claims.noteLater(claim)}, nil
	}
	return a, err
}

// claim is Claim without Later.
func (d *Directory) claim(claim directory.Claim) (a directory.Answer, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*answerTime)
	defer cancel()
	c := &d.claims
	bucket, err := c.store(ctx)
	if err != nil {
		return a, err
	}
	e := entry{Server: d.id, ID: claim.ID, Token: hash(claim.Token)}
	skeletons := slices.Sorted(slices.Values(claim.Skeletons)) // in one order, so that of two servers one gets all
	if claim.Proof != "" {
		for _, s := range skeletons {
			found, _, err := read(ctx, bucket, key(s))
			if err != nil {
				return a, c.failed(err)
			}
			if found != nil && found.Token == hash(claim.Proof) {
				e.ID, e.Token = found.ID, found.Token
				a.Resumed, a.ID = true, found.ID
				if !found.Free && found.Server != d.id {
					a.Server = found.Server
				}
			}
		}
	}
	var taken []string // by this call
	for _, s := range skeletons {
		isNew, ok, err := c.take(ctx, bucket, key(s), e)
		if isNew {
			taken = append(taken, s)
		}
		if err != nil || !ok {
			d.Release(e.ID, taken)
			if err != nil {
				err = c.failed(err)
			}
			return directory.Answer{}, err
		}
	}
	a.OK = true
	return a, nil
}

// noteLater notes the entries of a claim, which are written when the store answers. It returns false if another identity of
// this server has one.
func (c *claims) noteLater(claim directory.Claim) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range claim.Skeletons {
		if o := c.owned[key(s)]; o != nil && o.id != claim.ID {
			return false
		}
	}
	for _, s := range claim.Skeletons {
		if c.owned[key(s)] == nil {
			e := entry{Server: c.directory.id, ID: claim.ID, Token: hash(claim.Token)}
			c.owned[key(s)] = &owned{id: claim.ID, entry: e, later: true}
		}
	}
	return true
}

// take takes an entry. isNew reports whether this server did not have it, and has it now.
func (c *claims) take(ctx context.Context, bucket jetstream.KeyValue, key string, e entry) (isNew, ok bool, err error) {
	c.mu.Lock()
	if o := c.owned[key]; o != nil {
		c.mu.Unlock()
		return false, o.id == e.ID, nil
	}
	o := &owned{id: e.ID, entry: e}
	c.owned[key] = o // from now on this server says that it has it
	c.mu.Unlock()
	var revision uint64
	for try := range claimTries {
		time.Sleep(time.Duration(try) * 20 * time.Millisecond) // a replica that was read may be a moment behind
		if revision, ok, err = c.write(ctx, bucket, key, e); !errors.Is(err, errChanged) {
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	o.revision = revision
	if !ok && c.owned[key] == o {
		delete(c.owned, key)
	}
	return ok, ok, err
}

// errChanged is the error of a write if the entry is not what it was when it was read.
var errChanged = errors.New("the entry has changed")

// write writes an entry that is missing or free, or that has the same token. ok is false if another identity has it.
func (c *claims) write(ctx context.Context, bucket jetstream.KeyValue, key string, e entry) (revision uint64, ok bool, err error) {
	data, err := json.Marshal(&e)
	if err != nil {
		return 0, false, err
	}
	revision, err = bucket.Create(ctx, key, data)
	if !errors.Is(err, jetstream.ErrKeyExists) {
		return revision, err == nil, err
	}
	found, last, err := read(ctx, bucket, key)
	switch {
	case err != nil:
		return 0, false, err
	case found == nil:
		return 0, false, errChanged
	case !found.Free && found.Token != e.Token && c.isHeld(key, found):
		return 0, false, nil
	}
	revision, err = bucket.Update(ctx, key, data, last)
	if isConflict(err) {
		err = errChanged
	}
	return revision, err == nil, err
}

// read returns an entry and its revision, or nil if it is missing.
func read(ctx context.Context, bucket jetstream.KeyValue, key string) (*entry, uint64, error) {
	found, err := bucket.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, 0, nil
	} else if err != nil {
		return nil, 0, err
	}
	e := &entry{}
	if json.Unmarshal(found.Value(), e) != nil {
		e = &entry{Free: true} // nobody has written that
	}
	return e, found.Revision(), nil
}

// isConflict reports whether an entry was not what it was when it was read.
func isConflict(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence
}

// isHeld asks the server of an entry whether it still has it. A server that does not answer in time has it.
func (c *claims) isHeld(key string, e *entry) bool {
	if e.Server == c.directory.id {
		return c.has(key, e.ID)
	}
	a, err := c.directory.ask(context.Background(), e.Server, &request{Kind: kindHas, Key: key, ID: e.ID}, answerTime)
	return err == nil && a.OK || err != nil && !errors.Is(err, nats.ErrNoResponders)
}

// has reports whether an identity of this server has an entry.
func (c *claims) has(key, id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.owned[key]
	return o != nil && o.id == id
}

// Release implements directory.Directory.
func (d *Directory) Release(id string, skeletons []string) {
	c := &d.claims
	c.mu.Lock()
	for _, s := range skeletons {
		if o := c.owned[key(s)]; o != nil && o.id == id {
			delete(c.owned, key(s))
			c.released = append(c.released, release{key(s), o})
		}
	}
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Renew implements directory.Directory.
func (d *Directory) Renew(id string) {
	c := &d.claims
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.owned {
		if o.id == id {
			o.later = true
		}
	}
}

// forget forgets the entries of an identity that another server has now.
func (c *claims) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, o := range c.owned {
		if o.id == id {
			delete(c.owned, key)
		}
	}
}

// work opens the bucket, frees entries that were released, and refreshes the others, until ctx is done.
func (c *claims) work(ctx context.Context) {
	c.open(ctx)
	refresh := time.NewTicker(refreshInterval)
	defer refresh.Stop()
	reconnects := time.NewTicker(beatInterval)
	defer reconnects.Stop()
	seen := c.directory.opt.Conn.Stats().Reconnects
	for {
		select {
		case <-c.wake:
			c.free(ctx)
		case <-reconnects.C:
			c.claimLater(ctx)
			if n := c.directory.opt.Conn.Stats().Reconnects; n != seen && c.refresh(ctx) {
				seen = n
			}
		case <-refresh.C:
			c.refresh(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// free frees the entries that were released. One that can't be freed is free for a server that asks this one.
func (c *claims) free(ctx context.Context) {
	c.mu.Lock()
	released := c.released
	c.released = nil
	c.mu.Unlock()
	for _, r := range released {
		bucket, err := c.store(ctx)
		if err != nil {
			return
		}
		r.o.entry.Free = true // nobody else has it any more
		c.update(ctx, bucket, r.key, r.o)
	}
}

// claimLater writes the entries of noteLater, as soon as the store answers.
func (c *claims) claimLater(ctx context.Context) {
	for key, o := range c.ownedIf(func(o *owned) bool { return o.later }) {
		bucket, err := c.store(ctx)
		if err != nil {
			return
		}
		c.reclaim(ctx, bucket, key, o)
	}
}

// ownedIf returns some of the entries of this server.
func (c *claims) ownedIf(holds func(*owned) bool) map[string]*owned {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := make(map[string]*owned)
	for key, o := range c.owned {
		if holds(o) {
			found[key] = o
		}
	}
	return found
}

// refresh writes all entries again, and reclaims those that are not what they were. It
// returns false if the store does not answer.
func (c *claims) refresh(ctx context.Context) bool {
	for key, o := range c.ownedIf(func(o *owned) bool { return o.revision > 0 }) {
		bucket, err := c.store(ctx)
		if err != nil {
			return false
		}
		switch err := c.update(ctx, bucket, key, o); {
		case isConflict(err):
			c.reclaim(ctx, bucket, key, o)
		case err != nil:
			c.failed(err)
			return false
		}
	}
	return true
}

// reclaim takes an entry that is not what it was, or renames its identity if another one has it.
func (c *claims) reclaim(ctx context.Context, bucket jetstream.KeyValue, key string, o *owned) {
	if c.has(key, o.id) && !c.retake(ctx, bucket, key, o) {
		c.forget(o.id)
		c.directory.hub.Rename(o.id)
	}
}

// retake is reclaim without the renaming. It returns false if another identity has the entry.
func (c *claims) retake(ctx context.Context, bucket jetstream.KeyValue, key string, o *owned) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*answerTime)
	defer cancel()
	revision, ok, err := c.write(ctx, bucket, key, o.entry)
	if ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		o.revision, o.later = revision, false
	}
	return ok || err != nil
}

// update writes an entry that this server has written before.
func (c *claims) update(ctx context.Context, bucket jetstream.KeyValue, key string, o *owned) error {
	data, err := json.Marshal(&o.entry)
	if err != nil {
		return err
	}
	c.mu.Lock()
	last := o.revision
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	revision, err := bucket.Update(ctx, key, data, last)
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		o.revision = revision
	}
	return err
}
