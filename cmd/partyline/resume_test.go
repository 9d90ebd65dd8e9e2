package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestResume cuts a member's line again and again, wherever it is, while others talk. It
// comes back with the newest id that it has: in the end it has the room's log, once and in
// order, as somebody has who was never away.
func TestResume(t *testing.T) {
	t.Run("memory", func(t *testing.T) { testResume(t) })
	t.Run("disk", func(t *testing.T) { testResume(t, "--data", t.TempDir()) })
}

func testResume(t *testing.T, args ...string) {
	const cuts, talkers, window = 200, 2, 5
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	p := startProgram(t, append(args, "--rate", "0", "--history", "1000000")...)
	at := &server{tcp: p.tcp, http: p.http}
	steady := dialRaw(t, at, false, true)
	l := &loser{addr: p.http}
	first := l.come(t)
	first.readUntil(t, counter(`"type":"welcome"`), 1)
	l.cut(t, first)
	late := &loser{addr: p.http, last: l.last} // who comes when all is said

	var talking sync.WaitGroup
	var over atomic.Bool
	defer talking.Wait()
	defer over.Store(true)
	said := make([]int, talkers)
	for i := range talkers {
		talker := dialRaw(t, at, i%2 == 1, true)
		talker.deaf = true
		talking.Go(func() {
			count := counter(fmt.Sprintf("@m%d ", i))
			for !over.Load() {
				talker.say(t, fmt.Sprintf("@m%d %d", i, said[i]))
				if said[i]++; !talker.readUntil(t, count, said[i]-window) {
					return
				}
			}
			talker.readUntil(t, count, said[i])
		})
	}
	for range cuts {
		r := l.come(t)
		part, err := io.ReadAll(io.LimitReader(r.conn, chance.Int64N(6000)))
		if err != nil {
			t.Fatalf("its line ended by itself: %v, after\n%s", err, part)
		}
		r.log = part
		l.cut(t, r)
	}
	over.Store(true)
	talking.Wait()
	const end = "the end"
	steady.say(t, end)
	steady.readUntil(t, counter(`"text":"`+end), 1)
	want := steady.events(t)
	for _, l := range []*loser{l, late} {
		r := l.come(t)
		r.readUntil(t, counter(`"text":"`+end), 1)
		if l.cut(t, r); !slices.Equal(l.log, want) {
			t.Errorf("who was away has another log: %s", difference(l.log, want))
		}
	}
	total := said[0] + said[1]
	checkTalkers(t, "the steady listener", want[:len(want)-1], talkers, total)
	t.Logf("%d cuts, %d messages", cuts, total)
}

// A loser is a member in JSON on a WebSocket whose line is cut.
type loser struct {
	addr string
	last int64 // the newest id that it has
	log  []heard
}

// come comes back for what it has not had.
func (l *loser) come(t *testing.T) *raw {
	t.Helper()
	target := "/ws"
	if l.last > 0 {
		target = fmt.Sprint("/ws?since=", l.last)
	}
	r := &raw{ws: true, json: true, conn: upgrade(t, l.addr, target, "partyline.json.v1")}
	r.conn.SetReadDeadline(time.Now().Add(patience))
	return r
}

// cut ends the line, and keeps what came whole.
func (l *loser) cut(t *testing.T, r *raw) {
	t.Helper()
	r.conn.Close()
	for _, text := range r.frames(t) {
		var e event
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		switch e.Type {
		case "welcome":
			if l.last == 0 { // it was never here
				l.last = e.Last
			}
		case "message":
			l.log = append(l.log, heard{e.ID, e.Text})
			l.last = e.ID
		case "gap", "error":
			t.Fatalf("it is told %s", text)
		}
	}
}
