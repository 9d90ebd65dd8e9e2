package app

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"partyline/hub/admission"
	"partyline/tcpgw"
)

// TestAgain loads settings again after the file has changed. The command line and the environment
// still override it, and lists do not grow.
func TestAgain(t *testing.T) {
	env := map[string]string{"PARTYLINE_EXEMPT": "192.0.2.2"}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	s, _, err := loaded(t, []string{"--rate", "1", "--proxy", "192.0.2.1", "--proxy", "192.0.2.3"}, env,
		"rate = 2\nburst = 2\nproxy = [\"192.0.2.9\"]\norigin = [\"https://a.example\"]")
	if err != nil {
		t.Fatal(err)
	}
	was := fmt.Sprintf("%+v", s.Config)
	for range 2 {
		again, err := s.again(lookup)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%+v", again); got != was {
			t.Errorf("the settings are\n%s, not\n%s", got, was)
		}
	}
	if err := os.WriteFile(s.File, []byte("\nrate = 3\nburst = 3\norigin = [\"https://b.example\"]\nexempt = [\"192.0.2.9\"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := s.again(lookup)
	if err != nil {
		t.Fatal(err)
	}
	if again.Limits.Rate != 1 || again.Limits.Burst != 3 || !slices.Equal(again.Origins, []string{"https://b.example"}) ||
		!slices.Equal(again.Limits.Exempt, []string{"192.0.2.2"}) || !slices.Equal(again.Limits.Proxies, []string{"192.0.2.1", "192.0.2.3"}) {
		t.Errorf("the settings are %+v", again)
	}
	if rate, burst := again.source("rate"), again.source("burst"); rate != "--rate" || !strings.HasSuffix(burst, "partyline.toml:3: burst") {
		t.Errorf("the rate comes from %s, the burst from %s", rate, burst)
	}
	if got := fmt.Sprintf("%+v", s.Config); got != was {
		t.Errorf("the first settings have become\n%s", got)
	}
}

// TestUpdate changes every flag. Those that can be reloaded change, and the others stay.
func TestUpdate(t *testing.T) {
	old, fresh := DefaultConfig(), DefaultConfig()
	other := map[string]string{"bool": "true", "strings": "https://a.example", "duration": "3s", "mode": "0600", "size": "1MiB", "int": "77", "float": "77"}
	for name, text := range map[string]string{
		"log-level": "debug", "log-format": "json", "proxy-header": "PROXY", "acme-email": "ops@b.example", "acme-url": "https://b.example",
		"host": "a.example", "acme-domain": "a.example", "exempt": "192.0.2.1", "proxy": strings.Repeat("192.0.2.1,", 99) + "192.0.2.2",
		"window": "3MiB", "sync": "normal", "on-disk-error": "live", "public-log": "false", "nats": "nats://a.example", "nats-replicas": "3",
	} {
		other[name] = text
	}
	flags := fresh.flags()
	var all []string
	for _, name := range settingNames(flags) {
		text, ok := other[name]
		if !ok {
			if text, ok = other[flags.Lookup(name).Value.Type()]; !ok {
				text = "other"
			}
		}
		if err := flags.Set(name, text); err != nil {
			t.Fatal(err)
		}
		all = append(all, name)
	}
	next, changed, restart := old.update(&fresh)
	var got []string
	for _, a := range changed {
		got = append(got, a.Key)
		if len(a.Value.String()) > 2*maxReported+100 {
			t.Errorf("the log has %s", a)
		}
	}
	if sorted := slices.Sorted(slices.Values(reloaded)); !slices.Equal(slices.Sorted(slices.Values(got)), sorted) || len(got)+len(restart) != len(all) {
		t.Errorf("%q have changed, %v need a restart", got, restart)
	}
	oldFlags, nextFlags := old.flags(), next.flags()
	for _, name := range all {
		want := oldFlags
		if slices.Contains(reloaded, name) {
			want = flags
		}
		if got, want := nextFlags.Lookup(name).Value.String(), want.Lookup(name).Value.String(); got != want {
			t.Errorf("--%s is %s, not %s", name, got, want)
		}
	}
	if _, changed, restart := next.update(next); len(changed)+len(restart) > 0 {
		t.Errorf("without a change %v and %v have changed", changed, restart)
	}
	const want = "rate=10 -> 77"
	if !slices.ContainsFunc(changed, func(a slog.Attr) bool { return a.String() == want }) {
		t.Errorf("there is no %s in %v", want, changed)
	}
}

// TestConnGates changes the limits of all gates, and counts the refusals.
func TestConnGates(t *testing.T) {
	refused := 0
	gates := connGates{refused: func() { refused++ }}
	first, second := gates.add(), gates.add()
	proxy, client := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	gates.set(admission.Limits{PerAddress: 1, Members: 1, Arrivals: 1}, []netip.Prefix{netip.PrefixFrom(proxy, 32)})
	for _, g := range []tcpgw.Gate{first, second} {
		for _, c := range []struct {
			addr netip.Addr
			want error
		}{{proxy, nil}, {proxy, nil}, {client, nil}, {client, admission.ErrAddressFull}} {
			if _, err := g.Admit(c.addr); err != c.want {
				t.Errorf("%s: %v", c.addr, err)
			}
		}
	}
	gates.set(admission.Limits{PerAddress: 2}, nil)
	if _, err := first.Admit(client); err != nil {
		t.Errorf("within the new limit: %v", err)
	}
	if refused != 2 {
		t.Errorf("%d refusals are counted", refused)
	}
}
