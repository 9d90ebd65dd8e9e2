package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"partyline/client"
	"partyline/hub/wire"
)

// A Cluster is what ObserveCluster has seen of several servers.
type Cluster struct {
	Members []Member // one on each server
	Name    string   // that the first of them has taken
}

// A Member is that of the doctor on one server.
type Member struct {
	Site   *Site
	Err    error            // the server did not let it in; then the rest is missing
	Nick   string           // at first; no other member has it
	Said   int64            // the id of what it said
	SayErr error            // why the server did not take that
	Heard  map[string]int64 // the ids of what the members said, by their Nick
	Listed []string         // the names in its room
	Taken  error            // the answer to its request for Cluster.Name
}

// ObserveCluster enters a room of its own on each server, and does there what members do. Each answer may take timeout.
func ObserveCluster(ctx context.Context, sites []*Site, timeout time.Duration) *Cluster {
	seen := &Cluster{Members: make([]Member, len(sites)), Name: "doctor-" + random()}
	room := "doctor-" + random()
	visits := make([]*visit, len(sites))
	each := func(f func(ctx context.Context, v *visit)) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		var running sync.WaitGroup
		for _, v := range visits {
			if v.client != nil {
				running.Go(func() { f(ctx, v) })
			}
		}
		running.Wait()
	}
	var entering sync.WaitGroup
	for i, site := range sites {
		seen.Members[i].Site, seen.Members[i].Nick = site, "doctor-"+random()
		visits[i] = &visit{Member: &seen.Members[i]}
		entering.Go(func() { visits[i].enter(ctx, room, timeout) })
	}
	entering.Wait()
	visits = slices.DeleteFunc(visits, func(v *visit) bool { return v.client == nil })
	defer func() {
		for _, v := range visits {
			v.client.Close()
		}
	}()
	each(func(ctx context.Context, v *visit) {
		v.Said, v.SayErr = v.client.Say(ctx, "a test of partyline doctor")
	})
	each(func(ctx context.Context, v *visit) { v.hear(ctx, len(visits)) })
	each(func(ctx context.Context, v *visit) { v.list(ctx, len(visits)) })
	for _, v := range visits { // the first one takes it
		asking, cancel := context.WithTimeout(ctx, timeout)
		v.Taken = v.client.Rename(asking, seen.Name)
		cancel()
	}
	return seen
}

func random() string { return strings.ToLower(rand.Text()[:8]) }

// A visit is a Member that is connected.
type visit struct {
	*Member
	client *client.Client
}

// enter connects. A server that refuses members may be starting, so it is tried again.
func (v *visit) enter(ctx context.Context, room string, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	v.Heard = make(map[string]int64)
	for first := true; first || pause(ctx, enterInterval); first = false {
		c, err := client.Dial(ctx, v.Site.URL("/"), client.Options{Nick: v.Nick, Room: room, Patience: timeout})
		if err == nil || v.Err == nil || ctx.Err() == nil {
			v.client, v.Err = c, err
		}
		if !isRefused(err) {
			return
		}
	}
}

// isRefused reports whether a server was reached, and did not let a member in.
func isRefused(err error) bool {
	var d *client.DialError
	return errors.As(err, &d) && d.Refused
}

// The times after which something is tried again.
const (
	enterInterval = 500 * time.Millisecond
	listInterval  = 100 * time.Millisecond
)

// pause waits. It returns false if ctx is done.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// hear waits for what n members say.
func (v *visit) hear(ctx context.Context, n int) {
	for len(v.Heard) < n {
		e, err := v.client.Next(ctx)
		if err != nil {
			return
		}
		if m, ok := e.(*client.Message); ok {
			v.Heard[m.From] = m.ID
		}
	}
}

// list waits until n members are listed.
func (v *visit) list(ctx context.Context, n int) {
	for first := true; first || len(v.Listed) < n && pause(ctx, listInterval); first = false {
		members, _, err := v.client.Who(ctx)
		if err != nil {
			return
		}
		v.Listed = nil
		for _, m := range members {
			v.Listed = append(v.Listed, m.Nick)
		}
	}
}

// Reached reports whether a server was reached.
func (c *Cluster) Reached() bool {
	return slices.ContainsFunc(c.Members, func(m Member) bool { return m.Err == nil || isRefused(m.Err) })
}

// DiagnoseCluster returns one finding for each check of the servers, in a fixed order.
func DiagnoseCluster(c *Cluster) []Finding {
	var in []Member
	var found []string
	for _, m := range c.Members {
		if m.Err == nil {
			in = append(in, m)
		} else {
			found = append(found, m.Err.Error())
		}
	}
	entered := ok("servers", "%s", plural(len(in), "server")+" entered")
	if len(found) > 0 {
		entered = Finding{
			Check: "servers", State: Wrong, Text: fmt.Sprintf("%d of %s not entered", len(found), plural(len(c.Members), "server")),
			Problem: "A server does not let a member in.", Found: strings.Join(found, "; "), Effect: "Nobody can use it.",
			Advice: []Advice{
				{Where: "look at its log and at /readyz, and examine the URL alone: partyline doctor URL"},
				{Where: "if it is starting all the time, examine NATS with its flags", Lines: []string{"partyline doctor --nats URL"}},
			},
		}
	}
	if len(in) < 2 {
		return []Finding{entered, skipped("messages", "that needs two servers")}
	}
	return []Finding{entered, heard(in), listed(in), taken(in)}
}

// apart is the advice for servers that are not in one cluster.
var apart = []Advice{
	{Where: "give all servers the same --nats, --nats-stream and --nats-partitions"},
	{Where: "examine NATS with the flags of each", Lines: []string{"partyline doctor --nats URL"}},
}

// heard checks that what is said on each server is heard on all, with one id.
func heard(in []Member) Finding {
	var refused, missed, other []string
	for _, from := range in {
		if from.SayErr != nil {
			refused = append(refused, fmt.Sprintf("%s refuses a message: %v", from.Site.Host, from.SayErr))
			continue
		}
		for _, to := range in {
			switch id := to.Heard[from.Nick]; {
			case id == 0:
				missed = append(missed, fmt.Sprintf("%s does not hear %s", to.Site.Host, from.Site.Host))
			case id != from.Said:
				other = append(other, fmt.Sprintf("%s has id %d for id %d of %s", to.Site.Host, id, from.Said, from.Site.Host))
			}
		}
	}
	f := Finding{Check: "messages", State: Wrong, Found: some(slices.Concat(refused, missed, other)), Advice: apart}
	switch {
	case len(refused) > 0:
		f.Text, f.Problem, f.Effect = "refused", "A server refuses messages.", "Its members can't say anything."
		f.Advice = []Advice{{Where: "look at its log and at /readyz"}, apart[1]}
	case len(missed) > 0:
		f.Text, f.Problem, f.Effect = "not heard on all", "The servers do not share their rooms.", "Members of one server do not hear those of another one."
	case len(other) > 0:
		f.Text, f.Problem, f.Effect = "have several ids", "The servers give a message several ids.", "A client that resumes on another server misses messages, or gets them twice."
	default:
		return ok("messages", "said on each server, heard on all with the same id")
	}
	return f
}

// listed checks that the members of each server are listed on all.
func listed(in []Member) Finding {
	var missed []string
	for _, at := range in {
		for _, m := range in {
			if !slices.Contains(at.Listed, m.Nick) {
				missed = append(missed, fmt.Sprintf("%s does not list the member of %s", at.Site.Host, m.Site.Host))
			}
		}
	}
	if len(missed) == 0 {
		return ok("members", "those of each server are listed on all")
	}
	return Finding{
		Check: "members", State: Wrong, Text: "not listed on all", Problem: "The servers do not know each other's members.", Found: some(missed),
		Effect: "/who and /msg lack the members of other servers.",
		Advice: []Advice{apart[0], {Where: "look in the logs for \"server found\"; the user of NATS must be allowed to publish and to subscribe to NAME.members and NAME.server.>"}},
	}
}

// taken checks that a name that is taken on one server is refused on the others.
func taken(in []Member) Finding {
	f := Finding{Check: "names", State: Wrong, Advice: apart}
	if err := in[0].Taken; err != nil {
		f.Text, f.Problem, f.Found = "refused", "A server refuses a name that nobody has.", fmt.Sprintf("%s: %v", in[0].Site.Host, err)
		f.Effect, f.Advice = "Members keep the names of guests.", []Advice{{Where: "look at its log"}, apart[1]}
		return f
	}
	var twice, failed []string
	for _, m := range in[1:] {
		var refusal *wire.Refusal
		switch err := m.Taken; {
		case err == nil:
			twice = append(twice, m.Site.Host)
		case !errors.As(err, &refusal) || refusal.Code != wire.CodeNickTaken:
			failed = append(failed, fmt.Sprintf("%s: %v", m.Site.Host, err))
		}
	}
	switch {
	case len(twice) > 0:
		f.Text, f.Problem, f.Effect = "taken twice", "A name can be taken twice.", "Somebody can pass for a member of another server."
		f.Found = fmt.Sprintf("a name that is taken on %s is free on %s", in[0].Site.Host, some(twice))
	case len(failed) > 0:
		f.Text, f.Problem, f.Effect = "not known", "A server does not answer for a name.", "Members keep the names of guests."
		f.Found, f.Advice = some(failed), []Advice{{Where: "look at its log"}, apart[1]}
	default:
		return ok("names", "one that is taken on a server is refused on the others")
	}
	return f
}
