package doctor

import (
	"errors"
	"slices"
	"testing"

	"partyline/client"
	"partyline/hub/wire"
)

// TestDiagnoseCluster diagnoses servers that are one cluster, and some that are not.
func TestDiagnoseCluster(t *testing.T) {
	names := []string{"a", "b", "c"}
	good := func() *Cluster {
		c := &Cluster{Name: "doctor-x"}
		for i, name := range names {
			m := Member{Site: &Site{Host: name}, Nick: name, Said: int64(i + 1), Heard: map[string]int64{"a": 1, "b": 2, "c": 3}, Listed: slices.Clone(names)}
			if i > 0 {
				m.Taken = &wire.Refusal{Code: wire.CodeNickTaken}
			}
			c.Members = append(c.Members, m)
		}
		return c
	}
	result(DiagnoseCluster(good())).expect(t, OK, "servers", "messages", "members", "names")
	starting := &client.DialError{Refused: true, Err: errors.New("the server is starting")}
	for _, c := range []struct {
		name          string
		change        func(c *Cluster)
		check         string
		found, advice string
	}{
		{"a server that is starting", func(c *Cluster) { c.Members[1].Err = starting }, "servers", "the server is starting", "/readyz"},
		{"a server that hears nothing", func(c *Cluster) { c.Members[2].Heard = nil }, "messages", "c does not hear a, c does not hear b, c does not hear c", "--nats-stream"},
		{"a server that refuses messages", func(c *Cluster) { c.Members[0].SayErr = errors.New("no") }, "messages", "a refuses a message: no", "/readyz"},
		{"another id", func(c *Cluster) { c.Members[1].Heard["c"] = 4 }, "messages", "b has id 4 for id 3 of c", "--nats"},
		{"a member that is not listed", func(c *Cluster) { c.Members[1].Listed = names[:2] }, "members", "b does not list the member of c", "NAME.members"},
		{"a name that is taken twice", func(c *Cluster) { c.Members[2].Taken = nil }, "names", "taken on a is free on c", "--nats-stream"},
		{"no names", func(c *Cluster) { c.Members[0].Taken = errors.New("no") }, "names", "a: no", "log"},
		{"no answer", func(c *Cluster) { c.Members[1].Taken = &wire.Refusal{Code: wire.CodeUnavailable, Message: "later"} }, "names", "b: ", "log"},
	} {
		t.Run(c.name, func(t *testing.T) {
			seen := good()
			c.change(seen)
			result(DiagnoseCluster(seen)).expect(t, Wrong, c.check).has(t, c.found, c.advice)
		})
	}
	alone := good()
	alone.Members[0].Err, alone.Members[1].Err = starting, errors.New("no")
	result(DiagnoseCluster(alone)).expect(t, Wrong, "servers")
	if !alone.Reached() || (&Cluster{Members: []Member{{Err: errors.New("no")}}}).Reached() {
		t.Error("Reached is wrong")
	}
}
