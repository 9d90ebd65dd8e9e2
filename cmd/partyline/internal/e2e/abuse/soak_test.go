//go:build linux

package abuse

import (
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/load"
)

// soakTime in the environment says for how long TestSoak goes on; `make soak` sets it.
const soakTime = "SOAK"

// TestSoak has 500 members talk as people do, while 1 % of as many do all that they can
// think of, for as long as asked. Everybody hears everything, and nothing piles up.
func TestSoak(t *testing.T) {
	limit, err := time.ParseDuration(os.Getenv(soakTime))
	if err != nil {
		t.Skipf("%s says no time: see make soak", soakTime)
	}
	m := newAbuseServer(t)
	m.run(t, abuse{name: "soak", run: func(a *abuser) { a.soak(limit) }})
}

const (
	soakMembers = 500
	soakAbusers = soakMembers / 100
)

func (a *abuser) soak(limit time.Duration) {
	plan := load.Plan{
		TCP: soakMembers / 2, WS: soakMembers / 2, TCPFormat: load.Text, WSFormat: load.JSON,
		Rooms: 1, Talkers: 50, Rate: 50, Size: 100, For: limit,
		Addr: a.program.TCP, URL: "ws://" + a.program.HTTP + "/ws",
	}
	if err := plan.Check(); err != nil {
		a.Error(err)
		return
	}
	var going sync.WaitGroup
	defer going.Wait()
	going.Go(func() {
		rep, err := load.Run(a.Context(), plan, nil, func(string, int64, int64) {})
		if err == nil {
			rep.WriteTable(a.Output())
			err = rep.Err()
		}
		if err != nil {
			a.Error(err)
		}
	})
	a.mu.Lock()
	a.opened += soakMembers
	a.mu.Unlock()

	cases := make(chan abuse)
	for range soakAbusers {
		going.Go(func() {
			for c := range cases {
				a.indulge(c)
			}
		})
	}
	all := slices.Concat(connectionAbuses, lineAbuses, frameAbuses, httpAbuses, floodAbuses, readerAbuses)
	all = slices.DeleteFunc(all, func(c abuse) bool { return c.alone || c.pause > 0 })
	for late := time.Now().Add(limit); ; {
		a.rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, c := range all {
			if time.Now().After(late) {
				close(cases)
				return
			}
			cases <- c
		}
	}
}

// indulge has one abuser go through a case.
func (a *abuser) indulge(c abuse) {
	one := newAbuser(a.T, a.program)
	done := make(chan struct{})
	go func() { // which may exit
		defer close(done)
		defer one.closeAll()
		c.run(one)
	}()
	<-done
	a.mu.Lock()
	defer a.mu.Unlock()
	a.opened += one.opened
}
