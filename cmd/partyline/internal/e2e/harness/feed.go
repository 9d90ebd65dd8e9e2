package harness

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Patience is how long a test waits for what has to come. It is spent only by a test
// that fails.
const Patience = 30 * time.Second

// Feed is what one end of a line has been sent so far, read as it comes by a goroutine
// of its own: a reader that a test forgets to ask is not a slow one.
type Feed[T any] struct {
	Mu   sync.Mutex
	All  []T
	next int           // what the test looks at next
	End  error         // why nothing more comes, once nothing does
	grew chan struct{} // closed at the next growth
}

func NewFeed[T any]() *Feed[T] { return &Feed[T]{grew: make(chan struct{})} }

func (f *Feed[T]) Add(v T) {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	f.All = append(f.All, v)
	close(f.grew)
	f.grew = make(chan struct{})
}

func (f *Feed[T]) Finish(why error) {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	f.End = why
	close(f.grew)
	f.grew = make(chan struct{})
}

// ErrLate is why await returns if nothing that matches comes.
var ErrLate = errors.New("did not come")

// Await reads on to the first thing that matches, which it returns.
func (f *Feed[T]) Await(match func(T) bool) (found T, err error) {
	late := time.After(Patience)
	for {
		f.Mu.Lock()
		for f.next < len(f.All) {
			v := f.All[f.next]
			f.next++
			if match(v) {
				f.Mu.Unlock()
				return v, nil
			}
		}
		end, grew := f.End, f.grew
		f.Mu.Unlock()
		if end != nil {
			return found, fmt.Errorf("ended (%w) after\n%s", end, f)
		}
		select {
		case <-grew:
		case <-late:
			return found, fmt.Errorf("%w after\n%s", ErrLate, f)
		}
	}
}

// Rest waits for the end and returns what the test has not looked at, and why it ended.
func (f *Feed[T]) Rest(t *testing.T) ([]T, error) {
	t.Helper()
	late := time.After(Patience)
	for {
		f.Mu.Lock()
		unread, end, grew := f.All[f.next:], f.End, f.grew
		f.Mu.Unlock()
		if end != nil {
			return unread, end
		}
		select {
		case <-grew:
		case <-late:
			t.Fatalf("did not end after\n%s", f)
		}
	}
}

// Count returns how much of what came so far matches, looked at or not.
func (f *Feed[T]) Count(match func(T) bool) (n int) {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	for _, v := range f.All {
		if match(v) {
			n++
		}
	}
	return n
}

// String returns the last things that came, for whoever has to find out what went wrong.
func (f *Feed[T]) String() string {
	f.Mu.Lock()
	defer f.Mu.Unlock()
	var b strings.Builder
	for _, v := range f.All[max(len(f.All)-40, 0):] {
		fmt.Fprintf(&b, "\t%+v\n", v)
	}
	return b.String()
}

// ReadLines feeds the lines of r, without their ends, until r ends.
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

// ExpectLine reads on to the first line of which pattern matches the whole, and returns
// what its groups matched.
func ExpectLine(t *testing.T, f *Feed[string], pattern string) []string {
	t.Helper()
	re := regexp.MustCompile("^(?:" + pattern + ")$")
	line, err := f.Await(re.MatchString)
	if err != nil {
		t.Fatalf("a line like %q %v", pattern, err)
	}
	return re.FindStringSubmatch(line)[1:]
}

// ExpectLast waits for the end and fails where the last line is another one, or where the
// end is not one in good order.
func ExpectLast(t *testing.T, f *Feed[string], pattern string) {
	t.Helper()
	_, end := f.Rest(t)
	if !errors.Is(end, io.EOF) {
		t.Errorf("ended with %v, not in good order", end)
	}
	last := ""
	if len(f.All) > 0 {
		last = f.All[len(f.All)-1]
	}
	if !regexp.MustCompile("^(?:" + pattern + ")$").MatchString(last) {
		t.Errorf("the last line is %q, not one like %q", last, pattern)
	}
}
