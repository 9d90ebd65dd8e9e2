package editor

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func historyOf(entries ...string) *History {
	h := new(History)
	for _, entry := range entries {
		h.Add(entry)
	}
	return h
}

func TestHistoryAdd(t *testing.T) {
	h := historyOf("a", "", " \n", "a", "b", "\x1b[31ma\x1b[m", "a", "two\r\nlines\xff")
	if want := []string{"a", "b", "a", "two\nlines\ufffd"}; !slices.Equal(h.entries, want) {
		t.Errorf("%q, want %q", h.entries, want)
	}
	for i := range 2 * maxHistory {
		h.Add(fmt.Sprint(i))
	}
	if n := len(h.entries); n != maxHistory || h.entries[0] != fmt.Sprint(maxHistory) {
		t.Errorf("%d entries from %q", n, h.entries[0])
	}
}

// TestRecall moves through the history one, two, three. In a text, | is the cursor.
func TestRecall(t *testing.T) {
	for _, test := range []struct{ text, calls, want string }{
		{"dra|ft", "previous", "three|"},
		{"dra|ft", "previous previous previous", "one|"},
		{"dra|ft", "previous previous previous previous", "one|"},
		{"dra|ft", "previous next", "draft|"},
		{"dra|ft", "previous previous next next next", "draft|"},
		{"dra|ft", "next", "dra|ft"},
		{"dra|ft", "previous +! previous next", "three!|"},
		{"dra|ft", "previous +! next previous", "three!|"},
		{"dra|ft", "previous next +! previous next", "draft!|"},
		{"dra|ft", "previous undo", "dra|ft"},
		{"dra|ft", "previous +! take previous", "three!|"},
		{"dra|ft", "previous +! take previous previous", "three|"},
		{"dra|ft", "previous take next", "|"},
		{"dra|ft", "previous previous take previous previous", "three|"},
	} {
		l := lineOf(test.text)
		l.History = historyOf("one", "two", "three")
		if do(l, test.calls); show(l) != test.want {
			t.Errorf("%q, %q: %q, want %q", test.text, test.calls, show(l), test.want)
		}
	}
}

// TestRecallLines checks that Up and Down move through the lines of an entry.
func TestRecallLines(t *testing.T) {
	l := lineOf("draft|")
	l.History = historyOf("one", "two\nlines")
	for _, step := range []struct{ call, want string }{
		{"up", "two\nlines|"},
		{"up", "two|\nlines"},
		{"up", "one|"},
		{"down", "two\nlines|"},
		{"down", "draft|"},
		{"down", "draft|"},
	} {
		if do(l, step.call); show(l) != step.want {
			t.Errorf("%s: %q, want %q", step.call, show(l), step.want)
		}
	}
}

// TestRecallDropped checks a line in a history that drops entries because of another line.
func TestRecallDropped(t *testing.T) {
	h := historyOf("a", "b")
	l := lineOf("draft|")
	l.History = h
	do(l, "previous previous")
	h.Add("c")
	if do(l, "next next"); l.Text() != "c" {
		t.Errorf("%q, want the new entry", l.Text())
	}
	do(l, "previous previous")
	for i := range maxHistory {
		h.Add(fmt.Sprint(i))
	}
	if do(l, "previous"); l.Text() != "a" {
		t.Errorf("%q before the oldest entry", l.Text())
	}
	if do(l, "next"); l.Text() != "0" {
		t.Errorf("%q, want the oldest entry", l.Text())
	}
	if do(l, "previous"); l.Text() != "0" {
		t.Errorf("%q before the oldest entry", l.Text())
	}
	for range maxHistory {
		l.next()
	}
	if l.Text() != "draft" {
		t.Errorf("%q, want the draft", l.Text())
	}
}

func TestSearch(t *testing.T) {
	h := historyOf("deploy web", "other", "Deploy DB", "deploy web", "deploy web", "ÄRGER", "last")
	for _, test := range []struct {
		calls, query, want string
		ok                 bool
	}{
		{"", "", "", true},
		{"older newer", "", "", true},
		{"+dep", "dep", "deploy web", true},
		{"+DEP", "DEP", "deploy web", true},
		{"+ärg", "ärg", "ÄRGER", true},
		{"+dep older", "dep", "Deploy DB", true},
		{"+dep older older", "dep", "deploy web", true},
		{"+dep older older older", "dep", "deploy web", false},
		{"+dep older older newer", "dep", "Deploy DB", true},
		{"+dep older newer newer", "dep", "deploy web", false},
		{"+d +b", "db", "Deploy DB", true},
		{"+deploy older +_d", "deploy d", "Deploy DB", true},
		{"+dep +x", "depx", "deploy web", false},
		{"+dep +x back", "dep", "deploy web", true},
		{"+none", "none", "", false},
		{"+none older", "none", "", false},
		{"+x back", "", "", true},
	} {
		s := h.Search()
		for call := range strings.FieldsSeq(test.calls) {
			switch text, insert := strings.CutPrefix(call, "+"); {
			case insert:
				s.Insert(strings.ReplaceAll(text, "_", " "))
			case call == "older":
				s.Older()
			case call == "newer":
				s.Newer()
			default:
				s.Backspace()
			}
		}
		if entry, ok := s.Match(); entry != test.want || ok != test.ok || s.Query() != test.query {
			t.Errorf("%q: %q, %t, query %q; want %q, %t, %q", test.calls, entry, ok, s.Query(), test.want, test.ok, test.query)
		}
	}
}
