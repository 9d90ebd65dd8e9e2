package client

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestOutbox does random operations on an outbox, and compares it with a list of names.
func TestOutbox(t *testing.T) {
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 20 {
		o := newOutbox()
		var names, sent []string // without an answer, in order
		for step := range 5000 {
			switch op := rnd.IntN(100); {
			case op < 40:
				name := o.name()
				names = append(names, name)
				if op < 5 {
					o.add(&request{line: o.message("say", name)})
				} else {
					o.add(&request{text: o.quote(name + strings.Repeat("\"", rnd.IntN(50)))})
				}
			case op < 50:
				for _, line := range first(o.next(nil, rnd.IntN(2000))) {
					for _, name := range namesOf(t, line, o.limits) {
						if len(sent) >= len(names) || names[len(sent)] != name {
							t.Fatalf("seed %d, step %d: sends %s after %d of %q", seed, step, name, len(sent), names)
						}
						sent = names[:len(sent)+1]
					}
				}
			case op < 95 && len(sent) > 0:
				i := 0
				if op < 60 {
					i = rnd.IntN(len(sent))
				}
				name, n := names[i], len(sent)
				if r := o.take(name); r == nil || nameIn(r) != name {
					t.Fatalf("seed %d, step %d: took %v for %s", seed, step, r, name)
				}
				if o.take(name) != nil {
					t.Fatalf("seed %d, step %d: took %s twice", seed, step, name)
				}
				names = slices.Delete(names, i, i+1)
				sent = names[:n-1]
			case op == 99:
				o.unlink()
				o.limits = limits{rnd.IntN(20), rnd.IntN(2000)}
				sent = nil
			}
			if o.len() != len(names) {
				t.Fatalf("seed %d, step %d: %d requests, want %d", seed, step, o.len(), len(names))
			}
		}
		for _, name := range []string{"", "x", o.prefix, o.prefix + "-", o.prefix + "-zzzzz", o.prefix + "-zzzzzzzzzzzzzzzzzzzz", o.name()} {
			if r := o.take(name); r != nil {
				t.Errorf("took %s for %q", r.line, name)
			}
		}
		for i, r := range o.drain() {
			if nameIn(r) != names[i] {
				t.Errorf("seed %d: drained %s, want %s", seed, nameIn(r), names[i])
			}
		}
	}
}

func first(lines [][]byte, _ *request) [][]byte { return lines }

var quotedName = regexp.MustCompile(`"[A-Z0-9]{16}-[0-9]+`)

// nameIn returns the name that is the text of a request.
func nameIn(r *request) string {
	return string(quotedName.Find(append(r.text, r.line...)))[1:]
}

// namesOf returns the names of the messages of a line, which are the starts of their texts, too.
func namesOf(t *testing.T, line []byte, l limits) (names []string) {
	t.Helper()
	var q struct {
		Key, Text string
		Texts     []string
		Number    int
	}
	if err := json.Unmarshal(line, &q); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	if q.Texts == nil {
		names = []string{q.Key}
		q.Texts = []string{q.Text}
	} else {
		for i := range q.Texts {
			names = append(names, q.Key+strconv.Itoa(q.Number+i))
		}
		if len(q.Texts) < 2 || len(q.Texts) > l.Texts || len(line) > l.Bytes {
			t.Errorf("%d texts in %d bytes, and the server takes %+v", len(q.Texts), len(line), l)
		}
	}
	for i, text := range q.Texts {
		if !strings.HasPrefix(text, names[i]) {
			t.Errorf("the message %s has the text %q", names[i], text)
		}
	}
	return names
}

// TestUnlink fails the sent requests that must not be sent again, and the urgent ones.
func TestUnlink(t *testing.T) {
	o := newOutbox()
	for i := range 10 {
		o.add(&request{line: fmt.Append(nil, i), kind: map[bool]kind{true: once, false: message}[i%2 == 0]})
	}
	o.next(nil, 6) // of one byte each
	o.addUrgent(&request{name: o.urgentName(), line: []byte("urgent")})
	var failed []string
	for _, r := range o.unlink() {
		failed = append(failed, string(r.line))
	}
	var left []string
	for _, line := range first(o.next(nil, 100)) {
		left = append(left, string(line))
	}
	if fmt.Sprint(failed, left) != "[0 2 4 urgent] [1 3 5 6 7 8 9]" {
		t.Errorf("failed %v, left %v", failed, left)
	}
}

// TestTakeLongest takes the longest request that was sent.
func TestTakeLongest(t *testing.T) {
	o := newOutbox()
	if r := o.takeLongest(); r != nil {
		t.Errorf("took %s of nothing", r.line)
	}
	for _, text := range []string{"a", "long", "longer", "b", "longest"} {
		o.add(&request{line: []byte(text)})
	}
	o.next(nil, 10)
	for _, want := range []string{"longer", "long", "a"} {
		if r := o.takeLongest(); r == nil || string(r.line) != want {
			t.Errorf("took %v, want %s", r, want)
		}
	}
	if r := o.takeLongest(); r != nil {
		t.Errorf("took %s, which was not sent", r.line)
	}
}
