package jetstream

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/hubtest"
	"partyline/hub/hubtest/natstest"
)

// A namespaceDialer connects from a namespace, unless its link is cut.
type namespaceDialer struct {
	ns  *hubtest.Namespace
	cut atomic.Bool
}

func (d *namespaceDialer) Dial(_, address string) (net.Conn, error) {
	if d.cut.Load() {
		return nil, errors.New("the link is cut")
	}
	return d.ns.TryDial(address)
}

// TestPartition cuts the link of one of two journals. Its messages must wait and then be refused, with a failure that says
// so, while the other one continues. When the link is back, it must deliver what it has missed, in order.
func TestPartition(t *testing.T) {
	cluster(t)
	near, far := hubtest.Namespaces(t)
	port := near.Listen(t) // finds a free one
	_, number, _ := net.SplitHostPort(port.Addr().String())
	host := port.Addr().(*net.TCPAddr).IP.String()
	port.Close()
	cmd := natstest.Command(t, "-a", host, "-p", number, "-js", "-sd", t.TempDir())
	near.Command(t, cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	o := Options{URLs: []string{"nats://" + net.JoinHostPort(host, number)}, Partitions: 1, Retention: history.Retention{Messages: 10_000}}
	dialers := []*namespaceDialer{{ns: near}, {ns: far}}
	var journals []*Journal
	var followers []*hubtest.Follower
	for _, d := range dialers {
		one := o
		one.dialer = d
		j := start(t, one)
		journals = append(journals, j)
		followers = append(followers, hubtest.Follow(j, "r"))
	}
	mustSay(t, followers[0], "before")
	followers[1].Await(t, 1)

	begin := time.Now()
	dialers[1].cut.Store(true)
	far.Cut(t)
	lost := say(followers[1], "lost", "")
	for i := range 50 {
		mustSay(t, followers[0], fmt.Sprint("meanwhile ", i))
	}
	await(t, "the partition is noticed", func() bool { return journals[1].Failure() != nil })
	t.Logf("the partition is noticed after %v", time.Since(begin).Round(100*time.Millisecond))
	if r := <-lost; r.Err == nil {
		t.Errorf("a message was said: %+v", r)
	}
	if len(followers[1].Delivered()) != 1 {
		t.Errorf("%d messages were delivered without a link", len(followers[1].Delivered()))
	}
	far.Restore(t)
	dialers[1].cut.Store(false)
	var after result
	await(t, "a message is said again", func() bool { after = <-say(followers[1], "after", "key"); return after.Err == nil })
	followers[0].Await(t, len(followers[1].Delivered()))
	hubtest.SameOrder(t, followers)
	for i, m := range followers[1].Delivered()[1:51] {
		if m.Text != fmt.Sprint("meanwhile ", i) {
			t.Fatalf("message %d is %q", i, m.Text)
		}
	}
}
