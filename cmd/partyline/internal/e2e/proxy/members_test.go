//go:build unix

package proxy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/client"
	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/proxies"
)

// A returning is a member that connects through a proxy, and records what it receives.
type returning struct {
	*client.Client
	retry    time.Duration // of the first reconnect
	texts    []string      // of all messages, up to lastText
	returned chan struct{} // closed when it is connected again
	done     chan struct{} // closed after lastText
}

// lastText is the last message that is said.
const lastText = "the end"

// join connects a member.
func join(ctx context.Context, t *testing.T, url string) *returning {
	t.Helper()
	c, err := client.Dial(ctx, url, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	m := &returning{Client: c, returned: make(chan struct{}), done: make(chan struct{})}
	go m.receive(ctx)
	return m
}

// receive records events until the last message.
func (m *returning) receive(ctx context.Context) {
	defer close(m.done)
	away := false
	for e := range m.Events(ctx) {
		switch e := e.(type) {
		case *client.Disconnected:
			if m.retry == 0 {
				m.retry = e.Retry
			}
			away = true
		case *client.Welcome:
			if away && !isClosed(m.returned) {
				close(m.returned)
			}
		case *client.Message:
			m.texts = append(m.texts, e.Text)
			if e.Text == lastText {
				return
			}
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// await waits until c is closed. what names the event in the failure message.
func await(ctx context.Context, t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-ctx.Done():
		t.Fatal(what + " did not come in time")
	}
}

// TestMembersReturn reloads and restarts each proxy while 200 members are connected through it, and
// while another one talks. The members come back, not all at the same time, and have all messages in
// their order, also their own.
func TestMembersReturn(t *testing.T) {
	harness.SkipIfShort(t)
	server := harness.StartServer(t, func(c *app.Config) { c.Limits.Proxies = []string{"127.0.0.1"} })
	for _, s := range proxies.All {
		for name, renew := range map[string]func(*testing.T, *proxies.Proxy){
			"reload": func(t *testing.T, n *proxies.Proxy) { n.Reload(t) },
			"restart": func(t *testing.T, n *proxies.Proxy) {
				n.Stop(t)
				s.StartOn(t, server, n.HTTP, n.TCP, s.BriefGrace)
			},
		} {
			t.Run(s.Name+", "+name, func(t *testing.T) {
				t.Parallel()
				testMembersReturn(t, server, s, "?room="+strings.ToLower(s.Name)+"-"+name, renew)
			})
		}
	}
}

func testMembersReturn(t *testing.T, server *harness.Server, s *proxies.Software, room string, renew func(*testing.T, *proxies.Proxy)) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*harness.Patience)
	defer cancel()
	n := s.Start(t, server, s.BriefGrace)
	members := make([]*returning, 200)
	for i := range members {
		members[i] = join(ctx, t, "ws://"+n.HTTP+"/ws"+room)
	}
	witness := join(ctx, t, "ws://"+server.HTTP+"/ws"+room) // stays connected

	renew(t, n)
	var talking sync.WaitGroup
	stop := make(chan struct{})
	talking.Go(func() {
		for i := 0; !isClosed(stop); i++ {
			if _, err := witness.Say(ctx, fmt.Sprint("message ", i)); err != nil {
				t.Error(err)
				return
			}
			time.Sleep(10 * time.Millisecond) // not faster than the members of a busy room
		}
	})
	for i, m := range members {
		talking.Go(func() {
			if _, err := m.Say(ctx, fmt.Sprint("from member ", i)); err != nil {
				t.Error(err)
			}
		})
	}
	for i, m := range members {
		await(ctx, t, m.returned, fmt.Sprint("member ", i))
	}
	close(stop)
	talking.Wait()
	if _, err := witness.Say(ctx, lastText); err != nil {
		t.Fatal(err)
	}
	await(ctx, t, witness.done, "the last message")

	var delays []time.Duration
	for i, m := range members {
		await(ctx, t, m.done, fmt.Sprint("the last message to member ", i))
		if !slices.Equal(m.texts, witness.texts) {
			t.Errorf("member %d received %q, not %q", i, m.texts, witness.texts)
		}
		delays = append(delays, m.retry)
	}
	for i := range members {
		if want := fmt.Sprint("from member ", i); !slices.Contains(witness.texts, want) {
			t.Errorf("nobody received %q", want)
		}
	}
	if slices.Sort(delays); delays[len(delays)-1]-delays[0] < 100*time.Millisecond {
		t.Errorf("the members come back after %v to %v", delays[0], delays[len(delays)-1])
	}
}
