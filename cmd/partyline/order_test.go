package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestOrder has talkers on both doors say 100,000 messages in all: ten readers on both
// doors and in both formats hear them all, once, in the same order, and as each talker
// said them.
func TestOrder(t *testing.T) {
	const talkers, readers, total, window = 20, 10, 100_000, 50
	s := startServer(t, nil)

	var logs [readers]*raw
	var reading, talking sync.WaitGroup
	for i := range readers {
		logs[i] = dialRaw(t, s, i%2 == 1, i%4 >= 2)
	}
	for i := range readers {
		reading.Go(func() {
			logs[i].readUntil(t, counter("@m"), total)
		})
	}
	for i := range talkers {
		talker := dialRaw(t, s, i%2 == 1, i%4 >= 2)
		talker.deaf = true
		talking.Go(func() {
			name := fmt.Sprintf("@m%02d ", i)
			count := counter(name)
			for k := range total / talkers {
				// It hears itself like everybody else, and is never far ahead of that.
				if !talker.readUntil(t, count, k-window+1) {
					return
				}
				talker.say(t, fmt.Sprint(name, k))
			}
			talker.readUntil(t, count, total/talkers)
		})
	}
	talking.Wait()
	reading.Wait()

	var order []heard // of the first reader in JSON, ids and all
	for i, r := range logs {
		if r.json {
			order = r.events(t)
			checkTalkers(t, fmt.Sprintf("reader %d", i), order, talkers, total)
			break
		}
	}
	for i, r := range logs {
		got := r.events(t)
		if !slices.EqualFunc(got, order, func(a, b heard) bool {
			return a.text == b.text && (a.id == b.id || !r.json)
		}) {
			t.Errorf("reader %d (WebSocket %v, JSON %v) heard %d messages in another order", i, r.ws, r.json, len(got))
		}
	}
}

// checkTalkers checks that a log has each talker's messages as they were said, and ids
// that grow.
func checkTalkers(t *testing.T, who string, log []heard, talkers, total int) {
	t.Helper()
	if len(log) != total {
		t.Fatalf("%s heard %d messages of %d", who, len(log), total)
	}
	next := make([]int, talkers)
	last := int64(0)
	for _, h := range log {
		var talker, k int
		if _, err := fmt.Sscanf(h.text, "@m%d %d", &talker, &k); err != nil {
			t.Fatalf("%s heard %q", who, h.text)
		}
		if k != next[talker] {
			t.Fatalf("%s heard %q in the place of %d", who, h.text, next[talker])
		}
		next[talker]++
		if h.id <= last {
			t.Fatalf("%s heard id %d after %d", who, h.id, last)
		}
		last = h.id
	}
}

// TestSlowReader has one member of 201 stop reading while the others talk. Their logs are
// whole while it still sleeps; when it reads again, it finds every message, or a gap that
// names exactly what it missed, and /since brings the rest.
func TestSlowReader(t *testing.T) {
	const talkers, each, logging = 200, 8, 20
	const total = talkers * each
	s := startServer(t, func(c *config) { c.keep.messages = total })

	slow := dialRaw(t, s, false, false)
	crowd := make([]*raw, talkers)
	for i := range crowd {
		crowd[i] = dialRaw(t, s, i%2 == 1, false)
		crowd[i].deaf = i >= logging
	}
	padding := strings.Repeat(".", 1000)
	var talking sync.WaitGroup
	for i, r := range crowd {
		talking.Go(func() {
			for k := range each {
				r.say(t, fmt.Sprintf("@m%03d %d %s@e", i, k, padding))
			}
			r.readUntil(t, counter("@e"), total)
		})
	}
	talking.Wait() // nobody waited for the slow one: it has not read a byte of this

	const end = "the end@e"
	slow.say(t, end)
	slow.readUntil(t, counter(end+"\n"), 1)
	order := crowd[0].events(t)
	for i, r := range crowd[:logging] {
		if got := r.events(t); !slices.Equal(got, order) || len(got) != total {
			t.Errorf("talker %d heard %d messages, or in another order", i, len(got))
		}
	}
	order = append(order, heard{text: end})
	next, gaps, since := 0, 0, ""
	for _, h := range slow.events(t) {
		missed := 0
		if n, _ := fmt.Sscanf(h.text, "-- %d messages missed; /since %s shows them --", &missed, &since); n == 2 {
			next += missed
			gaps++
			continue
		}
		if next > total || h.text != order[next].text {
			t.Fatalf("the slow one heard %.20q in the place of message %d", h.text, next)
		}
		next++
	}
	if next != total+1 || gaps == 0 {
		t.Fatalf("the slow one knows of %d messages of %d, with %d gaps", next, total, gaps)
	}

	slow.log = nil
	slow.say(t, "/since "+since)
	slow.readUntil(t, counter("-- live --\n"), 1)
	again := slow.events(t)
	rest := again[1 : len(again)-1]
	if want := fmt.Sprintf("-- %d messages since %s --", len(rest), since); again[0].text != want {
		t.Errorf("since begins with %q, want %q", again[0].text, want)
	}
	if !slices.Equal(rest, order[len(order)-len(rest):]) {
		t.Error("since brings other messages than the others heard")
	}
}
