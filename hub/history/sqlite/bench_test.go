package sqlite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// talk returns a random text with words like those of a chat: few are frequent, most are rare.
func talk(random *rand.Rand) string {
	var words []string
	for range 4 + random.IntN(16) {
		words = append(words, fmt.Sprintf("%c%d", 'a'+rune(random.IntN(26)), int(1/(random.Float64()+1e-4))))
	}
	return strings.Join(words, " ")
}

// BenchmarkMillion measures starts, reads and searches of a room with a million messages.
func BenchmarkMillion(b *testing.B) {
	dir := b.TempDir()
	o := Options{Retention: history.Retention{Messages: 1_000_000}}
	j, err := Open(dir, o)
	if err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	fillMillion(b, j, random)

	b.Run("start", func(b *testing.B) {
		for b.Loop() {
			if j, err = Open(dir, o); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			j.Close(context.Background())
			b.StartTimer()
		}
	})
	j, err = Open(dir, o)
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close(context.Background())
	last := j.Open("r", nil)
	b.Run("last 100", func(b *testing.B) {
		for b.Loop() {
			before := last - int64(random.IntN(900_000))
			if page, _ := j.Read("r", history.Range{Before: before, Limit: 100, Newest: true}); len(page.Messages) != 100 {
				b.Fatal(len(page.Messages))
			}
		}
	})
	b.Run("since 500", func(b *testing.B) {
		for b.Loop() {
			after := last - 1000 - int64(random.IntN(900_000))
			if page, _ := j.Read("r", history.Range{After: after, Limit: 500}); len(page.Messages) != 500 {
				b.Fatal(len(page.Messages))
			}
		}
	})
	for _, words := range []string{"a1", "a1 b1 c1", "a99 b99", "a", "a b", "z1 y9999", "a1 b2 c3 d4", "zzz"} {
		b.Run("search "+words, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := j.Search("r", history.NewQuery(words), last+1, 50); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// fillMillion stores a million messages and closes the journal.
func fillMillion(b *testing.B, j *Journal, random *rand.Rand) {
	var all sync.WaitGroup
	start := time.Now()
	for i := range 1_000_000 {
		all.Add(1)
		j.Append(&wire.Message{Room: "r", From: "alice", Via: "tcp", Text: talk(random)}, "", func(history.Result) { all.Done() })
		if i%10_000 == 0 {
			all.Wait()
		}
	}
	all.Wait()
	b.Logf("stored in %v", time.Since(start))
	awaitIndex(b, j, "r", time.Hour)
	b.Logf("indexed in %v", time.Since(start))
	j.Close(context.Background())
}

// BenchmarkLone measures the latency of single messages, and for comparison of a write and sync of
// as much in another file.
func BenchmarkLone(b *testing.B) {
	dir := b.TempDir()
	j, err := Open(dir, Options{Retention: history.Retention{Messages: 1000}})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close(context.Background())
	f, err := os.Create(filepath.Join(dir, "file"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var message, sync []time.Duration
	page := make([]byte, 8<<10)
	done := make(chan struct{}, 1)
	for b.Loop() {
		start := time.Now()
		j.Append(&wire.Message{Room: "r", From: "alice", Text: "hello"}, "", func(history.Result) { done <- struct{}{} })
		<-done
		message = append(message, time.Since(start))
		time.Sleep(5 * time.Millisecond) // so that it is alone
		start = time.Now()
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		sync = append(sync, time.Since(start))
	}
	p99 := func(took []time.Duration) float64 {
		slices.Sort(took)
		return float64(took[len(took)*99/100].Microseconds())
	}
	b.ReportMetric(p99(message), "p99-µs")
	b.ReportMetric(p99(sync), "sync-p99-µs")
}

// BenchmarkFlood measures messages while 200 are always pending and older ones are deleted.
func BenchmarkFlood(b *testing.B) {
	j, err := Open(b.TempDir(), Options{Retention: history.Retention{Messages: 1000}})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close(context.Background())
	text := strings.Repeat("x", 100)
	pending := make(chan struct{}, 200)
	for b.Loop() {
		pending <- struct{}{}
		j.Append(&wire.Message{Room: "r", From: "alice", Via: "tcp", Text: text}, "", func(history.Result) { <-pending })
	}
	for range cap(pending) {
		pending <- struct{}{} // all are stored
	}
}

// BenchmarkSearchForeign searches a room of 50 messages, with no and with 120,000 matches in another
// room.
func BenchmarkSearchForeign(b *testing.B) {
	for _, n := range []int{0, 120_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			j, err := Open(b.TempDir(), retain(200_000))
			if err != nil {
				b.Fatal(err)
			}
			defer j.Close(context.Background())
			rooms := make([]string, 10_000)
			for i := range rooms {
				rooms[i] = "other"
			}
			for range n / len(rooms) {
				sayAll(b, j, rooms, "the pizza")
			}
			for range 50 {
				sayAll(b, j, []string{"r"}, "the pizza")
			}
			awaitIndex(b, j, "r", time.Hour)
			for b.Loop() {
				if found, _, err := j.Search("r", history.NewQuery("the"), 1<<53, 50); len(found) != 50 || err != nil {
					b.Fatal(len(found), err)
				}
			}
		})
	}
}
