package main

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

// patience is how long a test waits for what has to come. It is spent only by a test
// that fails.
const patience = 30 * time.Second

// feed is what one end of a line has been sent so far, read as it comes by a goroutine
// of its own: a reader that a test forgets to ask is not a slow one.
type feed[T any] struct {
	mu   sync.Mutex
	all  []T
	next int           // what the test looks at next
	end  error         // why nothing more comes, once nothing does
	grew chan struct{} // closed at the next growth
}

func newFeed[T any]() *feed[T] { return &feed[T]{grew: make(chan struct{})} }

func (f *feed[T]) add(v T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, v)
	close(f.grew)
	f.grew = make(chan struct{})
}

func (f *feed[T]) finish(why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.end = why
	close(f.grew)
	f.grew = make(chan struct{})
}

// errLate is why await returns if nothing that matches comes.
var errLate = errors.New("did not come")

// await reads on to the first thing that matches, which it returns.
func (f *feed[T]) await(match func(T) bool) (found T, err error) {
	late := time.After(patience)
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
			return found, fmt.Errorf("ended (%w) after\n%s", end, f)
		}
		select {
		case <-grew:
		case <-late:
			return found, fmt.Errorf("%w after\n%s", errLate, f)
		}
	}
}

// rest waits for the end and returns what the test has not looked at, and why it ended.
func (f *feed[T]) rest(t *testing.T) ([]T, error) {
	t.Helper()
	late := time.After(patience)
	for {
		f.mu.Lock()
		unread, end, grew := f.all[f.next:], f.end, f.grew
		f.mu.Unlock()
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

// count returns how much of what came so far matches, looked at or not.
func (f *feed[T]) count(match func(T) bool) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, v := range f.all {
		if match(v) {
			n++
		}
	}
	return n
}

// String returns the last things that came, for whoever has to find out what went wrong.
func (f *feed[T]) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	for _, v := range f.all[max(len(f.all)-40, 0):] {
		fmt.Fprintf(&b, "\t%+v\n", v)
	}
	return b.String()
}

// readLines feeds the lines of r, without their ends, until r ends.
func readLines(r io.Reader, f *feed[string]) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			f.add(strings.TrimSuffix(line, "\n"))
		}
		if err != nil {
			f.finish(err)
			return
		}
	}
}

// expectLine reads on to the first line of which pattern matches the whole, and returns
// what its groups matched.
func expectLine(t *testing.T, f *feed[string], pattern string) []string {
	t.Helper()
	re := regexp.MustCompile("^(?:" + pattern + ")$")
	line, err := f.await(re.MatchString)
	if err != nil {
		t.Fatalf("a line like %q %v", pattern, err)
	}
	return re.FindStringSubmatch(line)[1:]
}

// expectLast waits for the end and fails where the last line is another one, or where the
// end is not one in good order.
func expectLast(t *testing.T, f *feed[string], pattern string) {
	t.Helper()
	_, end := f.rest(t)
	if !errors.Is(end, io.EOF) {
		t.Errorf("ended with %v, not in good order", end)
	}
	last := ""
	if len(f.all) > 0 {
		last = f.all[len(f.all)-1]
	}
	if !regexp.MustCompile("^(?:" + pattern + ")$").MatchString(last) {
		t.Errorf("the last line is %q, not one like %q", last, pattern)
	}
}
