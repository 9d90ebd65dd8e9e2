package disk

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"partyline/hub"
)

var modelSeed = flag.Uint64("journal.seed", 0, "the only seed of TestModel; random if 0")

// A model is what a journal has to have of a room.
type model struct {
	stored []*hub.Message
	newest int64 // id that was ever given
	keys   map[string]int64
}

// TestModel compares a journal with a model, over random messages in many rooms with few
// of them in memory, ends, and crashes.
func TestModel(t *testing.T) {
	for _, o := range []Options{{}, {Sync: SyncNormal}, {OnError: Live}} {
		t.Run(fmt.Sprint(o.OnError, " ", o.Sync), func(t *testing.T) {
			seed := *modelSeed
			if seed == 0 {
				seed = rand.Uint64()
			}
			t.Logf("run again with -journal.seed=%d", seed)
			o.Keep.Messages = 7
			testModel(t, o, rand.New(rand.NewPCG(seed, 0)))
		})
	}
}

func testModel(t *testing.T, o Options, random *rand.Rand) {
	dir := t.TempDir()
	rooms := make(map[string]*model)
	list := names(12)
	for _, name := range list {
		rooms[name] = &model{keys: make(map[string]int64)}
	}
	reopen := func() *Journal {
		j := start(t, dir, o)
		j.mu.Lock()
		j.maxUnused = 3
		j.mu.Unlock()
		return j
	}
	j := reopen()
	said := 0
	for range 300 {
		name := list[random.IntN(len(list))]
		r := rooms[name]
		switch n := random.IntN(100); {
		case n < 3:
			j.Close(context.Background())
			j = reopen()
		case n < 6:
			copied := copyFiles(t, dir)
			j.Close(context.Background())
			dir = copied
			j = reopen()
		case n < 20:
			if last := j.Open(name); last < r.newest {
				t.Fatalf("%s: newest id %d, %d was given", name, last, r.newest)
			}
			j.Release(name)
		default:
			for range 1 + random.IntN(9) {
				key := ""
				if random.IntN(3) == 0 {
					key = fmt.Sprint(random.IntN(20))
				}
				said++
				m, f := try(j, name, key, fmt.Sprint("message ", said))
				first, known := r.keys[key]
				switch {
				case f.Err != nil:
					t.Fatal(f.Err)
				case f.Repeated != known || known && m.ID != first:
					t.Fatalf("%s: key %q gets id %d, repeated %v; the first has id %d", name, key, m.ID, f.Repeated, first)
				case known:
					continue
				case m.ID <= r.newest || m.ID >= 1<<53:
					t.Fatalf("%s: id %d after %d", name, m.ID, r.newest)
				}
				if key != "" {
					r.keys[key] = m.ID
				}
				r.newest = m.ID
				r.stored = append(r.stored, m)
				r.stored = r.stored[max(0, len(r.stored)-o.Keep.Messages):]
			}
		}
		r.check(t, j, name)
	}
	for name, r := range rooms {
		r.check(t, j, name)
	}
}

// check compares what a journal has of a room with the model.
func (r *model) check(t *testing.T, j *Journal, name string) {
	t.Helper()
	ids := func(list []*hub.Message) (ids []int64) {
		for _, m := range list {
			ids = append(ids, m.ID)
		}
		return ids
	}
	want := ids(r.stored)
	found, _, err := j.After(name, 0, 1<<53, 100)
	if got := ids(found); err != nil || !slices.Equal(got, want) {
		t.Fatalf("%s has %v, want %v, %v", name, got, want, err)
	}
	found, more, err := j.Before(name, 1<<53, 100)
	if got := ids(found); err != nil || more || !slices.Equal(got, want) {
		t.Fatalf("%s has %v before the end, want %v, more %v, %v", name, got, want, more, err)
	}
	for i, m := range found {
		if w := r.stored[i]; m.Text != w.Text || m.At.UnixMilli() != w.At.UnixMilli() {
			t.Fatalf("%s has %q of %v, want %q of %v", name, m.Text, m.At, w.Text, w.At)
		}
	}
	found, _, err = j.Search(name, hub.NewQuery("message"), 1<<53, 100)
	slices.Reverse(found)
	if got := ids(found); err != nil || !slices.Equal(got, want) {
		t.Fatalf("%s: the search finds %v, want %v, %v", name, got, want, err)
	}
}

// TestMigrateAll: messages, holes and keys of several rooms are there after the migration,
// and those of forgotten rooms are gone.
func TestMigrateAll(t *testing.T) {
	dir := t.TempDir()
	at := time.Now().UnixMilli()
	row := func(number, id int64, text string) string {
		return fmt.Sprintf(`INSERT INTO messages VALUES (%d, %d, 'alice', 'tcp', 0, '%s')`, number<<49|id, at, text)
	}
	old(t, dir+"/"+fileName, 2,
		`INSERT INTO rooms VALUES (1, 'a', 1000, 1005, 0), (2, NULL, 9000, 9003, 0), (7, 'b', 5000, 5000, 0), (8, 'silent', 5000, 6000, 0)`,
		row(1, 1, "one"), row(1, 2, "two"), row(1, 5, "five"), row(2, 1, "forgotten"), row(7, 1, "other"),
		fmt.Sprintf(`INSERT INTO keys VALUES (%d, %d, 1, 'k')`, int64(1)<<49|2, at),
		`INSERT INTO holes VALUES (1, 1003, 1004, 1), (8, 5001, 6000, 0)`)
	j := start(t, dir, keep(10))
	found, missing, err := j.After("a", 1000, 1005, 10)
	if len(found) != 3 || found[2].ID != 1005 || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
	if want := (hub.Missing{After: 1002, Before: 1005, Count: 2}); len(missing) != 1 || missing[0] != want {
		t.Errorf("missing %v, want %v", missing, want)
	}
	if m, f := try(j, "a", "k", "again"); !f.Repeated || m.ID != 1002 {
		t.Errorf("the key has id %d, %+v", m.ID, f)
	}
	for room, last := range map[string]int64{"a": 1005, "b": 5001, "silent": 6000} {
		if m := say(t, j, room, "next"); m.ID != last+1 {
			t.Errorf("%s: id %d after %d", room, m.ID, last)
		}
	}
	awaitIndex(t, j, "a", time.Minute)
	if found, _, err := j.Search("b", hub.NewQuery("other"), 1<<53, 10); len(found) != 1 || err != nil {
		t.Errorf("the search finds %v, %v", found, err)
	}
	if n := len(texts(t, j, "forgotten")); n > 0 {
		t.Errorf("%d messages", n)
	}
}
