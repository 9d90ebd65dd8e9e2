package harness

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Patience is how long a test waits for an expected event before it fails.
const Patience = 30 * time.Second

// Feed holds everything that a client has received so far. A goroutine reads the connection, so that the client
// keeps up while its test waits for something else. The test consumes the feed item by item. Any goroutine may
// call its methods.
type Feed[T any] struct {
	mu   sync.Mutex
	all  []T
	next int           // index of the first item that the test has not consumed
	end  error         // the error of the reader; nil while it reads
	grew chan struct{} // closed when an item or the end is added
}

// NewFeed returns an empty feed.
func NewFeed[T any]() *Feed[T] { return &Feed[T]{grew: make(chan struct{})} }

// Add adds an item.
func (f *Feed[T]) Add(v T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, v)
	close(f.grew)
	f.grew = make(chan struct{})
}

// Finish ends the feed with the error of its reader, which is io.EOF after a clean end.
func (f *Feed[T]) Finish(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.end = err
	close(f.grew)
	f.grew = make(chan struct{})
}

// ErrLate is the error of Await if no item matches in time.
var ErrLate = errors.New("did not arrive")

// Await consumes items up to the first that matches, and returns it. It waits for at most [Patience].
func (f *Feed[T]) Await(match func(T) bool) (found T, err error) {
	timeout := time.After(Patience)
	for {
		f.mu.Lock()
		for f.next < len(f.all) {
			v := f.all[f.next]
			f.next++
			if match(v) {
				f.mu.Unlock()
				return v, nil
			}
		}
		end, grew := f.end, f.grew
		f.mu.Unlock()
		if end != nil {
			return found, fmt.Errorf("did not arrive before the end (%w); received:\n%s", end, f)
		}
		select {
		case <-grew:
		case <-timeout:
			return found, fmt.Errorf("%w; received:\n%s", ErrLate, f)
		}
	}
}

// Rest waits for the end of the feed. It returns the items not yet consumed, and the error of the reader.
func (f *Feed[T]) Rest(t *testing.T) ([]T, error) {
	t.Helper()
	timeout := time.After(Patience)
	for {
		f.mu.Lock()
		unread, end, grew := f.all[f.next:], f.end, f.grew
		f.mu.Unlock()
		if end != nil {
			return unread, end
		}
		select {
		case <-grew:
		case <-timeout:
			t.Fatalf("the stream did not end; received:\n%s", f)
		}
	}
}

// Count returns how many of all items so far match.
func (f *Feed[T]) Count(match func(T) bool) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, v := range f.all {
		if match(v) {
			n++
		}
	}
	return n
}

// All returns all items so far.
func (f *Feed[T]) All() []T {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.all)
}

// Err returns the error of the reader, or nil while it reads.
func (f *Feed[T]) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.end
}

// String returns the last 40 items, one per line, for failure messages.
func (f *Feed[T]) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	for _, v := range f.all[max(len(f.all)-40, 0):] {
		fmt.Fprintf(&b, "\t%+v\n", v)
	}
	return b.String()
}

// ReadLines adds the lines of r, without line endings, until r ends.
func ReadLines(r io.Reader, f *Feed[string]) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			f.Add(strings.TrimSuffix(line, "\n"))
		}
		if err != nil {
			f.Finish(err)
			return
		}
	}
}

// ExpectLine consumes lines up to the first that pattern matches as a whole, and returns the submatches.
func ExpectLine(t *testing.T, f *Feed[string], pattern string) []string {
	t.Helper()
	re := regexp.MustCompile("^(?:" + pattern + ")$")
	line, err := f.Await(re.MatchString)
	if err != nil {
		t.Fatalf("a line like %q %v", pattern, err)
	}
	return re.FindStringSubmatch(line)[1:]
}

// ExpectLast waits for a clean end, and checks that pattern matches the last line as a whole.
func ExpectLast(t *testing.T, f *Feed[string], pattern string) {
	t.Helper()
	_, end := f.Rest(t)
	if !errors.Is(end, io.EOF) {
		t.Errorf("ended with %v, want EOF", end)
	}
	last := ""
	if all := f.All(); len(all) > 0 {
		last = all[len(all)-1]
	}
	if !regexp.MustCompile("^(?:" + pattern + ")$").MatchString(last) {
		t.Errorf("the last line is %q, want a match for %q", last, pattern)
	}
}
