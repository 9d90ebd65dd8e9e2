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

// soakEnv is the environment variable with the duration of TestSoak. `make soak` sets it.
const soakEnv = "SOAK"

// TestSoak runs 500 members that talk at a moderate rate and 5 clients that run random cases of abuse, for
// the duration in SOAK. All members receive all messages, and the server's resource use stays bounded.
func TestSoak(t *testing.T) {
	limit, err := time.ParseDuration(os.Getenv(soakEnv))
	if err != nil {
		t.Skipf("%s is not set to a duration: see make soak", soakEnv)
	}
	s := newAbuseServer(t, ways[0])
	s.run(t, abuse{name: "soak", run: func(a *abuser) { a.soak(limit) }})
}

const (
	soakMembers = 500
	soakAbusers = soakMembers / 100
)

func (a *abuser) soak(limit time.Duration) {
	plan := load.Plan{
		TCP: soakMembers / 2, WS: soakMembers / 2, TCPFormat: load.Text, WSFormat: load.JSON,
		Rooms: 1, Talkers: 50, Rate: 50, Size: 100, For: limit,
		Addr: a.target.TCP, URL: "ws://" + a.target.HTTP + "/ws",
	}
	if err := plan.Check(); err != nil {
		a.Error(err)
		return
	}
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() {
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
		running.Go(func() {
			for c := range cases {
				a.runCase(c)
			}
		})
	}
	all := slices.Concat(connectionAbuses, lineAbuses, frameAbuses, httpAbuses, floodAbuses, readerAbuses)
	all = slices.DeleteFunc(all, func(c abuse) bool { return c.alone || c.pause > 0 })
	for deadline := time.Now().Add(limit); ; {
		a.rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, c := range all {
			if time.Now().After(deadline) {
				close(cases)
				return
			}
			cases <- c
		}
	}
}

// runCase runs a case with an abuser of its own.
func (a *abuser) runCase(c abuse) {
	one := newAbuser(a.T, a.target)
	done := make(chan struct{})
	go func() { // the case may call runtime.Goexit
		defer close(done)
		defer one.closeAll()
		c.run(one)
	}()
	<-done
	a.mu.Lock()
	defer a.mu.Unlock()
	a.opened += one.opened
}
