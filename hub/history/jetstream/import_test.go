package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"partyline/hub/history"
	"partyline/hub/history/sqlite"
	"partyline/hub/hubtest"
	"partyline/hub/hubtest/natstest"
	"partyline/hub/wire"
)

// moveRooms are rooms with special names.
var moveRooms = []string{"lobby", "probe", "0", "-", "_", strings.Repeat("x", 64), "a-b_c", "room-1", "room-2", "room-3"}

// newDisk returns the folder of a history on disk: with actions, keys, and a room of which most messages were deleted.
func newDisk(t *testing.T, messages int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	j, err := sqlite.Open(dir, sqlite.Options{Retention: history.Retention{Messages: messages}, Sync: sqlite.SyncNormal})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	var waiting []<-chan history.Result
	for i := range messages {
		m := &wire.Message{Room: moveRooms[random.IntN(len(moveRooms))], From: "Ünal", Via: "ws", Action: i%7 == 0, Text: fmt.Sprintf("<%d> \"text\"\n\tüß 🙂", i)}
		if i%3 == 0 {
			m.Room = "lobby"
		}
		key := ""
		if i%2 == 0 {
			key = fmt.Sprint("schlüssel ", i)
		}
		waiting = append(waiting, appendTo(j, m, key))
	}
	for _, w := range waiting {
		if r := <-w; r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	if err := j.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := sqlite.Vacuum(context.Background(), dir, sqlite.Options{Retention: history.Retention{Messages: 200}}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func appendTo(j history.Journal, m *wire.Message, key string) <-chan history.Result {
	done := make(chan history.Result, 1)
	j.Append(m, key, func(r history.Result) { done <- r })
	return done
}

// recordsOf returns the records of a history on disk.
func recordsOf(t *testing.T, dir string) (records []*history.Record) {
	t.Helper()
	if err := sqlite.Export(context.Background(), dir, sqlite.ExportOptions{}, func(r *history.Record) error {
		records = append(records, r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return records
}

// exportAll returns the records of a history in NATS.
func exportAll(t *testing.T, o Options) (records []*history.Record) {
	t.Helper()
	invalid, err := Export(context.Background(), o, "", func(r *history.Record) error {
		records = append(records, r)
		return r.Check()
	})
	if err != nil || invalid > 0 {
		t.Fatalf("%d are invalid, %v", invalid, err)
	}
	return records
}

// importAll imports records, of which the streams have some.
func importAll(t *testing.T, o Options, records []*history.Record, skipped int) {
	t.Helper()
	i := importSome(t, o, records)
	if err := i.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if i.skipped != skipped {
		t.Errorf("%d were skipped, want %d", i.skipped, skipped)
	}
	if err := i.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// importSome adds records to an Import.
func importSome(t *testing.T, o Options, records []*history.Record) *Import {
	t.Helper()
	i, err := OpenImport(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := i.Add(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	return i
}

// byRoom returns the messages among records, by their rooms.
func byRoom(records []*history.Record) map[string][]history.Record {
	rooms := make(map[string][]history.Record)
	for _, r := range records {
		if r.Type == history.RecordMessage || r.Type == history.RecordAction {
			m := *r
			m.Seq = 0
			rooms[r.Room] = append(rooms[r.Room], m)
		}
	}
	return rooms
}

// ofMessages returns messages as records without keys.
func ofMessages(list []*wire.Message) (records []history.Record) {
	for _, m := range list {
		records = append(records, *history.RecordOf(m, ""))
	}
	return records
}

func withoutKeys(list []history.Record) []history.Record {
	list = slices.Clone(list)
	for i := range list {
		list[i].Key = ""
	}
	return list
}

// TestMove moves a history from a disk to NATS, continues with it, and moves it back to a disk. Messages must keep their
// ids, times and keys. A member that has seen a message must get those after it.
func TestMove(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3} {
		t.Run(fmt.Sprint(n, " servers"), func(t *testing.T) {
			t.Parallel()
			if n > 1 {
				cluster(t)
			}
			testMove(t, Options{URLs: natstest.Start(t, n, "").URLs(), Replicas: n, Retention: history.Retention{Messages: 1000}})
		})
	}
}

func testMove(t *testing.T, o Options) {
	before := recordsOf(t, newDisk(t, 3000))
	importAll(t, o, before, 0)
	want := byRoom(before)
	if got := byRoom(exportAll(t, o)); !reflect.DeepEqual(got, want) {
		t.Fatalf("the streams have\n%v\nwant\n%v", got, want)
	}
	if err := Verify(t.Context(), o, func(problem string) { t.Error(problem) }); err != nil {
		t.Error(err)
	}

	o.Index = newIndex(t, t.TempDir(), o.Retention)
	j := start(t, o)
	for _, room := range moveRooms {
		f := hubtest.Follow(j, room)
		all := withoutKeys(want[room])
		newest := mustSay(t, f, "first")
		if newest.ID <= all[len(all)-1].ID {
			t.Fatalf("%s: id %d comes after %d", room, newest.ID, all[len(all)-1].ID)
		}
		all = append(all, *history.RecordOf(newest.Message, ""))
		checkReads(t, j, room, all)
	}
	await(t, "nothing is left to index", func() bool { return j.Figures().Unindexed == 0 })
	found, _, err := j.Search("lobby", history.NewQuery("text"), 1<<53, 10_000)
	slices.Reverse(found)
	if got := ofMessages(found); err != nil || !reflect.DeepEqual(got, withoutKeys(want["lobby"])) {
		t.Errorf("a search finds %v, %v", got, err)
	}
	repeated := want["probe"][slices.IndexFunc(want["probe"], func(r history.Record) bool { return r.Key != "" })]
	m := &wire.Message{Room: "probe", From: "a", Text: "again"}
	if r := <-appendTo(j, m, repeated.Key); r.Err != nil || !r.Repeated || m.ID != repeated.ID {
		t.Errorf("a key is repeated: id %d, %+v, want %d", m.ID, r, repeated.ID)
	}
	m = &wire.Message{Room: "probe", From: "a", Text: "new", Via: "tcp"}
	if r := <-appendTo(j, m, "new key"); r.Err != nil || r.Repeated {
		t.Fatal(r)
	}

	if records := exportAll(t, o); !records[len(records)-1].Open {
		t.Error("the end does not say that a server uses the streams")
	}
	if err := j.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	after := exportAll(t, o)
	if after[len(after)-1].Open {
		t.Error("the end says that a server uses the streams")
	}
	dir := t.TempDir()
	i, err := sqlite.OpenImport(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range after {
		if err := i.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := i.Close(); err != nil || !i.Ended() {
		t.Fatal(err)
	}
	if err := sqlite.Verify(t.Context(), dir, func(problem string) { t.Error(problem) }); err != nil {
		t.Error(err)
	}
	if got := byRoom(recordsOf(t, dir)); !reflect.DeepEqual(got, byRoom(after)) {
		t.Fatalf("the disk has\n%v\nwant\n%v", got, byRoom(after))
	}
	disk, err := sqlite.Open(dir, sqlite.Options{Retention: o.Retention, Sync: sqlite.SyncNormal})
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close(context.Background())
	for room, all := range byRoom(after) {
		next := &wire.Message{Room: room, From: "a", Text: "on disk"}
		if last := disk.Open(room, nil); last < all[len(all)-1].ID {
			t.Errorf("%s is opened at %d, after %d", room, last, all[len(all)-1].ID)
		}
		if r := <-appendTo(disk, next, ""); r.Err != nil || next.ID <= all[len(all)-1].ID {
			t.Errorf("%s: id %d comes after %d; %v", room, next.ID, all[len(all)-1].ID, r.Err)
		}
		checkReads(t, disk, room, append(withoutKeys(all), *history.RecordOf(next, "")))
	}
	m = &wire.Message{Room: "probe", From: "a", Text: "again"}
	if r := <-appendTo(disk, m, repeated.Key); r.Err != nil || !r.Repeated || m.ID != repeated.ID {
		t.Errorf("on disk, a key is repeated: id %d, %+v, want %d", m.ID, r, repeated.ID)
	}
}

// checkReads reads all of a room, what is after each message, and what is before it, and checks the gaps.
func checkReads(t *testing.T, j history.Journal, room string, all []history.Record) {
	t.Helper()
	check := func(what string, page history.Page, err error, want []history.Record, gaps int) {
		t.Helper()
		if got := ofMessages(page.Messages); err != nil || !reflect.DeepEqual(got, want) && len(got)+len(want) > 0 {
			t.Fatalf("%s %s: got %v, %v; want %v", room, what, got, err, want)
		}
		if len(page.Gaps) != gaps {
			t.Errorf("%s %s: gaps %v", room, what, page.Gaps)
		}
	}
	for i, m := range all {
		if i%25 > 1 && i < len(all)-2 {
			continue
		}
		end := min(i+6, len(all))
		page, err := j.Read(room, history.Range{After: m.ID, Limit: 5})
		check(fmt.Sprint("since ", m.ID), page, err, all[i+1:end], 0)
		page, err = j.Read(room, history.Range{Before: m.ID, Limit: 5, Newest: true})
		check(fmt.Sprint("before ", m.ID), page, err, all[max(i-5, 0):i], 0)
		if page.More != (i > 5) {
			t.Errorf("%s before %d: more is %v", room, m.ID, page.More)
		}
	}
	page, err := j.Read(room, history.Range{Limit: len(all)})
	page.Gaps = nil // it may be known that messages were deleted
	check("from the start", page, err, all, 0)
	page, err = j.Read(room, history.Range{Limit: len(all), Newest: true})
	check("to the end", page, err, all, 0)
	page, err = j.Read(room, history.Range{After: all[0].ID - 1, Limit: len(all)})
	check("since the oldest", page, err, all, 0)
	page, err = j.Read(room, history.Range{After: all[0].ID - 2, Limit: 1})
	check("since a deleted message", page, err, all[:1], 1)
}

// TestImportContinues ends imports early, at several points, and repeats them. Messages must be neither doubled nor missing,
// and no server starts before the end.
func TestImportContinues(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	records := recordsOf(t, newDisk(t, 2000))
	const complete = -1 // all records, and one stream is complete
	for _, part := range []int{0, 1, len(records) / 2, len(records), complete} {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			o := Options{URLs: servers.URLs(), Stream: newStream(), Retention: history.Retention{Messages: 1000}}
			added := records
			if part != complete {
				added = records[:part]
			}
			i := importSome(t, o, added)
			if part == complete {
				if err := errors.Join(i.wait(t.Context()), i.streams[1].complete(t.Context())); err != nil {
					t.Fatal(err)
				}
			}
			i.j.nc.Close() // as if it was killed: what was not sent is lost
			j, err := Open(o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { j.Close(context.Background()) })
			await(t, "a server reports the import", func() bool {
				f := j.Failure()
				return f != nil && strings.Contains(f.Err.Error(), "not complete") && strings.Contains(f.Hint, "history import")
			})
			if _, err := Export(t.Context(), o, "", nil); err == nil || !strings.Contains(err.Error(), "not complete") {
				t.Errorf("an export of it: %v", err)
			}
			again := importSome(t, o, records)
			if j.Ready() {
				t.Error("a server has started")
			}
			if err := again.Finish(t.Context()); err != nil {
				t.Fatal(err)
			}
			if again.added+again.skipped != len(records)-len(moveRooms)-1-keysOf(records) {
				t.Errorf("%d were added, %d skipped, of %d records", again.added, again.skipped, len(records))
			}
			again.Close(t.Context())
			if got, want := byRoom(exportAll(t, o)), byRoom(records); !reflect.DeepEqual(got, want) {
				t.Errorf("the streams have\n%v\nwant\n%v", got, want)
			}
			await(t, "the server starts", j.Ready)
		})
	}
}

// keysOf returns the number of keys of deleted messages.
func keysOf(records []*history.Record) (n int) {
	for _, r := range records {
		if r.Type == history.RecordKey {
			n++
		}
	}
	return n
}

// TestImportRefuses imports what can't be imported. The error says why.
func TestImportRefuses(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	records := recordsOf(t, newDisk(t, 500))
	options := func() Options {
		return Options{URLs: servers.URLs(), Stream: newStream(), Partitions: 2, Retention: history.Retention{Messages: 1000}}
	}
	refused := func(t *testing.T, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	finish := func(t *testing.T, o Options, records []*history.Record) error {
		i, err := OpenImport(t.Context(), o)
		if err != nil {
			return err
		}
		defer i.Close(t.Context())
		for _, r := range records {
			if err := i.Add(t.Context(), r); err != nil {
				return err
			}
		}
		return i.Finish(t.Context())
	}
	t.Run("used streams", func(t *testing.T) {
		o := options()
		start(t, o)
		refused(t, finish(t, o, records), "has a history")
	})
	t.Run("imported streams", func(t *testing.T) {
		o := options()
		importAll(t, o, records, 0)
		refused(t, finish(t, o, records), "has a history")
	})
	t.Run("other partitions", func(t *testing.T) {
		o := options()
		importSome(t, o, nil).Close(t.Context())
		o.Partitions = 3
		refused(t, finish(t, o, records), "--nats-partitions 2")
	})
	t.Run("ids of the future", func(t *testing.T) {
		for _, change := range []func(r *history.Record){
			func(r *history.Record) { r.ID = history.IDFloor(time.Now().Add(time.Hour)) },
			func(r *history.Record) {
				*r = history.Record{Type: history.RecordEnd, Floor: history.IDFloor(time.Now().Add(time.Hour))}
			},
			func(r *history.Record) {
				*r = history.Record{Type: history.RecordRoom, Room: "r", Last: history.IDFloor(time.Now().Add(time.Hour))}
			},
		} {
			wrong := *records[0]
			change(&wrong)
			refused(t, finish(t, options(), []*history.Record{&wrong}), "a clock was wrong")
		}
	})
	t.Run("another export", func(t *testing.T) {
		o := options()
		i := importSome(t, o, records[:100])
		if err := i.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		changed := slices.Clone(records)
		other := *records[50]
		other.Text = "other"
		changed[50] = &other
		refused(t, finish(t, o, changed), "other messages")
	})
	t.Run("a foreign message", func(t *testing.T) {
		o := options()
		i := importSome(t, o, records[:1])
		defer i.Close(t.Context())
		s := i.stream(records[0].Room)
		if _, err := servers.JetStream().Publish(t.Context(), s.subject(records[0].Room), []byte("foreign")); err != nil {
			t.Fatal(err)
		}
		var err error
		for _, r := range records[1:] {
			if err = i.Add(t.Context(), r); err != nil {
				break
			}
		}
		if err == nil {
			err = i.Finish(t.Context())
		}
		refused(t, err, "another program publishes")
	})
}

// TestForgedImport publishes a message with the headers of an import. It must get the id that the stream gives it.
func TestForgedImport(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	o := Options{URLs: servers.URLs(), Partitions: 1, Retention: history.Retention{Messages: 1000}}
	records := recordsOf(t, newDisk(t, 100))
	importAll(t, o, records, 0)
	j := start(t, o)
	f := hubtest.Follow(j, "lobby")
	data, _ := json.Marshal(map[string]string{"from": "mallory", "via": "tcp", "text": "forged"})
	ack, err := servers.JetStream().PublishMsg(t.Context(), &nats.Msg{
		Subject: j.partition("lobby").subject("lobby"), Data: data,
		Header: nats.Header{idHeader: {"5"}, timeHeader: {"6"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if m := f.Await(t, 1)[0]; m.ID != int64(ack.Sequence) || time.Since(m.At).Abs() > patience {
		t.Errorf("it has id %d at %v, want %d", m.ID, m.At, ack.Sequence)
	}
	page, err := j.Read("lobby", history.Range{Limit: 1, Newest: true})
	if err != nil || len(page.Messages) != 1 || page.Messages[0].ID != int64(ack.Sequence) {
		t.Errorf("a read has %v, %v", page.Messages, err)
	}
}

// TestImportedAge imports messages of which most are too old. They are no longer in history, and count as missing. Their keys
// can be used again.
func TestImportedAge(t *testing.T) {
	t.Parallel()
	o := Options{URLs: natstest.Start(t, 1, "").URLs(), Retention: history.Retention{Messages: 10_000, Age: time.Hour}}
	now := time.Now()
	var records []*history.Record
	for i := range int64(5000) {
		at := now.Add(-2 * time.Hour)
		if i >= 4900 {
			at = now
		}
		records = append(records, history.RecordOf(&wire.Message{ID: 1001 + i, At: at, Room: "r", From: "a", Text: "text"}, fmt.Sprint("key ", i)))
	}
	records = append(records, &history.Record{Type: history.RecordEnd})
	importAll(t, o, records, 0)
	j := start(t, o)
	page, err := j.Read("r", history.Range{Limit: 10_000})
	if err != nil || len(page.Messages) != 100 || page.Messages[0].ID != 5901 {
		t.Fatalf("%d messages, %v", len(page.Messages), err)
	}
	page, err = j.Read("r", history.Range{After: 2000, Limit: 1})
	if err != nil || len(page.Messages) != 1 || page.Messages[0].ID != 5901 || len(page.Gaps) != 1 {
		t.Fatalf("%v, gaps %v, %v", page.Messages, page.Gaps, err)
	}
	if g := *page.Gaps[0]; g != (wire.Gap{After: 2000, Before: 5901, Missed: 3900, Lost: true}) {
		t.Errorf("the gap is %+v", g)
	}
	page, err = j.Read("r", history.Range{Before: 3000, Limit: 10, Newest: true})
	if err != nil || len(page.Messages) != 0 || page.More {
		t.Errorf("before an old message: %v, %v", page.Messages, err)
	}
	for key, repeated := range map[string]bool{"key 0": false, "key 4950": true} {
		m := &wire.Message{Room: "r", From: "a", Text: "again"}
		if r := <-appendTo(j, m, key); r.Err != nil || r.Repeated != repeated || (m.ID == 1001+4950) != repeated {
			t.Errorf("%s is used again: id %d, %+v", key, m.ID, r)
		}
	}
}

// TestToolsWithoutServer uses the tools without a NATS server, and without streams.
func TestToolsWithoutServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := OpenImport(ctx, Options{URLs: []string{"nats://127.0.0.1:1"}}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	o := Options{URLs: natstest.Start(t, 1, "").URLs()}
	if _, err := Export(t.Context(), o, "", nil); err == nil || !strings.Contains(err.Error(), "there is no stream partyline-0") {
		t.Error(err)
	}
}
