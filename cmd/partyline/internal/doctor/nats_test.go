package doctor

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"partyline/cmd/partyline/internal/certs/certstest"
	"partyline/hub/admission"
	"partyline/hub/directory"
	"partyline/hub/directory/natsdir"
	"partyline/hub/history/jetstream"
	"partyline/hub/hubtest/natstest"
)

// A result is what was found about NATS.
type result []Finding

// inspect examines NATS with the real servers.
func inspect(t *testing.T, o jetstream.Options) result {
	t.Helper()
	if o.MaxText == 0 {
		o.MaxText = 4096
	}
	name := "partyline"
	if o.Stream != "" {
		name = o.Stream
	}
	seen, err := jetstream.Inspect(t.Context(), o, natsdir.Bucket(name), natsdir.Subjects(name), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return DiagnoseNATS(seen)
}

// expect checks that some checks have a state, and that the others are OK, or Skipped in which case what they need is
// missing. It returns the finding of the first one.
func (r result) expect(t *testing.T, state State, checks ...string) Finding {
	t.Helper()
	var found Finding
	for _, f := range r {
		wants := false
		for i, check := range checks {
			if check == f.Check {
				wants = true
				if i == 0 {
					found = f
				}
			}
		}
		if wants && f.State != state || !wants && f.State != OK && f.State != Skipped {
			t.Errorf("%s: %s %q, %s", f.Check, words[f.State], f.Text, f.Found)
		}
	}
	if len(checks) > 0 && found.Check == "" {
		t.Errorf("there is no check %s in %+v", checks[0], r)
	}
	return found
}

// has checks that the evidence and the advice of a finding contain texts.
func (f Finding) has(t *testing.T, found, advice string) {
	t.Helper()
	if all := fmt.Sprintf("%+v", f.Advice); !strings.Contains(f.Found, found) || !strings.Contains(all, advice) {
		t.Errorf("%s: found %q, advice %s", f.Check, f.Found, all)
	}
}

// use creates the streams and the bucket as a server does.
func use(t *testing.T, o jetstream.Options) {
	t.Helper()
	j, err := jetstream.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close(t.Context())
	conn, js := j.Conn()
	for start := time.Now(); !j.Ready(); time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			t.Fatalf("the history is not ready: %v", j.Failure())
		}
	}
	name := o.Stream
	if name == "" {
		name = "partyline"
	}
	d := natsdir.New(natsdir.Options{Conn: conn, Stream: js, Name: name, Replicas: max(o.Replicas, 1), Log: slog.New(slog.DiscardHandler)})
	d.Start(lonelyHub{})
	defer d.Close()
	if a, err := d.Claim(directory.Claim{ID: "id", Skeletons: []string{"somebody"}, Token: "token"}); err != nil || !a.OK {
		t.Fatalf("no name can be taken: %+v, %v", a, err)
	}
}

// A lonelyHub has no members, and hears of no others.
type lonelyHub struct{ directory.Hub }

func (lonelyHub) Members() []directory.Member        { return nil }
func (lonelyHub) Uses() []admission.Use              { return nil }
func (lonelyHub) NoteUses(string, []admission.Use)   {}
func (lonelyHub) Replace(string, []directory.Member) {}

// TestNATS examines a server without a history, and with one.
func TestNATS(t *testing.T) {
	t.Parallel()
	urls := natstest.Start(t, 1, "").URLs()
	o := jetstream.Options{URLs: urls}
	empty := inspect(t, o)
	empty.expect(t, OK, "nats", "version", "jetstream", "rights", "payload", "streams", "disk")
	use(t, o)
	full := inspect(t, o)
	full.expect(t, OK, "nats", "version", "jetstream", "rights", "payload", "streams", "partitions", "settings", "replicas", "leaders", "store", "disk")
	if len(full) != 12 {
		t.Errorf("there are %d findings", len(full))
	}

	o.Partitions = 2
	inspect(t, o).expect(t, Wrong, "partitions").has(t, "the streams say 4, and --nats-partitions is 2", "--nats-partitions 4")
	o.Partitions = 6
	inspect(t, o).expect(t, Wrong, "partitions").has(t, "the streams say 4, and --nats-partitions is 6", "--nats-partitions 4")
	o.Partitions, o.Replicas = 4, 3
	inspect(t, o).expect(t, Wrong, "replicas").has(t, "partyline-0 has 1", "nats stream edit KV_partyline-names --replicas 3")
	o.Replicas, o.MaxText = 1, 1<<20
	inspect(t, o).expect(t, Wrong, "payload").has(t, "max_payload is 1.0 MiB", "max_payload: 6292480")
	o.MaxText = 512 << 10
	inspect(t, o).expect(t, Note, "payload")
}

// TestNATSStreams examines streams that somebody has changed, or that another program has.
func TestNATSStreams(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1, "")
	js := servers.JetStream()
	change := func(o jetstream.Options, change func(*natsjs.StreamConfig)) {
		t.Helper()
		s, err := js.Stream(t.Context(), o.Stream+"-1")
		if err == nil {
			c := s.CachedInfo().Config
			change(&c)
			_, err = js.UpdateStream(t.Context(), c)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	o := jetstream.Options{URLs: servers.URLs(), Stream: "changed"}
	use(t, o)
	change(o, func(c *natsjs.StreamConfig) { c.Duplicates = time.Minute })
	inspect(t, o).expect(t, Wrong, "settings").has(t, "changed-1 has a duplicate window of 1m", "nats stream edit changed-1 --dupe-window 10m")
	change(o, func(c *natsjs.StreamConfig) { c.Duplicates, c.AllowDirect = 10*time.Minute, false })
	inspect(t, o).expect(t, Wrong, "settings").has(t, "changed-1 has no direct gets", "--allow-direct")
	change(o, func(c *natsjs.StreamConfig) { c.AllowDirect, c.MaxMsgSize = true, 2000 })
	inspect(t, o).expect(t, Wrong, "settings").has(t, "maximum message size of 2.0 KiB", "--max-msg-size -1")
	change(o, func(c *natsjs.StreamConfig) { c.MaxMsgSize, c.MaxMsgs, c.Discard = -1, 1, natsjs.DiscardNew })
	if f := inspect(t, o).expect(t, Wrong, "store"); !strings.Contains(f.Found, "changed-1: ") || strings.Contains(f.Found, "changed-0") {
		t.Errorf("the finding is %+v", f)
	}

	for name, subject := range map[string]string{"foreign-1": "orders.>", "other": "overlap.2.*"} {
		if _, err := js.CreateStream(t.Context(), natsjs.StreamConfig{Name: name, Subjects: []string{subject}}); err != nil {
			t.Fatal(err)
		}
	}
	o.Stream = "foreign"
	inspect(t, o).expect(t, Wrong, "streams").has(t, "foreign-1 has no metadata", "--nats-stream NAME")
	if s, err := js.Stream(t.Context(), "foreign-1"); err != nil || s.CachedInfo().State.Msgs != 0 {
		t.Errorf("the stream of another program has changed: %v", err)
	}
	o.Stream = "overlap"
	inspect(t, o).expect(t, Wrong, "streams").has(t, "overlap-2: ", "has the subjects overlap.>")
	o.Stream, o.Replicas = "replicated", 3
	inspect(t, o).expect(t, Wrong, "streams").has(t, "replicated-0: ", "--nats-replicas")
}

// TestNATSConnection examines servers that let nobody in, or have no JetStream.
func TestNATSConnection(t *testing.T) {
	t.Parallel()
	const user = `authorization { users: [
		{ user: all, password: secret },
		{ user: some, password: secret, permissions: { publish: ["$JS.API.>", "partyline.>"], subscribe: ["_INBOX.>"] } }
	] }`
	with := func(servers *natstest.Servers, user string) jetstream.Options {
		return jetstream.Options{URLs: []string{strings.Replace(servers.URLs()[0], "://", "://"+user+"@", 1)}}
	}
	start := func(more string) *natstest.Servers {
		servers := natstest.New(t, 1, more)
		servers.Start(0)
		return servers
	}
	await := func(o jetstream.Options) { // until the server listens
		t.Helper()
		nc, err := nats.Connect(o.URLs[0], nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		for start := time.Now(); !nc.IsConnected(); time.Sleep(5 * time.Millisecond) {
			if time.Since(start) > time.Minute {
				t.Fatal("the server does not listen")
			}
		}
	}

	guarded := start(user)
	await(with(guarded, "all:secret"))
	inspect(t, with(guarded, "all:secret")).expect(t, OK, "rights")
	inspect(t, with(guarded, "all:wrong")).expect(t, Wrong, "nats").has(t, "Authorization", "check the user and the password")
	use(t, with(guarded, "all:secret"))
	denied := inspect(t, with(guarded, "some:secret"))
	rights := denied.expect(t, Wrong, "rights")
	rights.has(t, `Subscription to "partyline.members"`, `"$KV.partyline-names.>"`)
	example, err := os.ReadFile("../../../../deploy/cluster/nats.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range rights.Advice[0].Lines {
		if !strings.Contains(string(example), line) {
			t.Errorf("the user of deploy/cluster/nats.conf may not do: %s", line)
		}
	}
	all, _ := jetstream.Inspect(t.Context(), with(guarded, "some:secret"), natsdir.Bucket("partyline"), natsdir.Subjects("partyline"), 10*time.Second)
	if denied := strings.Join(all.Denied, ", "); !strings.Contains(denied, `Publish to "$KV.partyline-names.doctor"`) || !strings.Contains(denied, `Subscription to "partyline.server.`) {
		t.Errorf("NATS refuses %s", denied)
	}
	secured := with(guarded, "all:secret")
	secured.CA = authorityFile(t, certstest.NewAuthority(t))
	inspect(t, secured).expect(t, Wrong, "nats").has(t, "secure connection not available", "use nats://")

	off := start("jetstream: disabled")
	await(jetstream.Options{URLs: off.URLs()})
	inspect(t, jetstream.Options{URLs: off.URLs()}).expect(t, Wrong, "jetstream").has(t, "", "store_dir")
	account := start("accounts { A { users: [{ user: all, password: secret }] }, B { jetstream: enabled, users: [{ user: b, password: b }] } }")
	await(with(account, "all:secret"))
	inspect(t, with(account, "all:secret")).expect(t, Wrong, "jetstream").has(t, "", "jetstream: enabled")

	nobody := natstest.New(t, 1, "").URLs()
	inspect(t, jetstream.Options{URLs: nobody}).expect(t, Wrong, "nats").has(t, nobody[0], "nothing listens there")
	inspect(t, jetstream.Options{URLs: append(nobody, off.URLs()...)})[:1].expect(t, Note, "nats").has(t, nobody[0], "nothing listens there")
}

// TestNATSTLS examines a cluster with TLS by one of its servers. The others tell their addresses, which their certificates
// do not have.
func TestNATSTLS(t *testing.T) {
	t.Parallel()
	authority := certstest.NewAuthority(t)
	cert, key := authority.IssueNow(t, "localhost")
	certFile, keyFile := certstest.Write(t, t.TempDir(), cert, key)
	servers := natstest.New(t, 3, fmt.Sprintf("tls { cert_file: %q, key_file: %q }", certFile, keyFile))
	for i := range 3 {
		servers.Start(i)
	}
	o := jetstream.Options{
		URLs: []string{strings.Replace(servers.URLs()[0], "nats://127.0.0.1", "tls://localhost", 1)}, CA: authorityFile(t, authority), Replicas: 3,
	}
	use(t, o)
	if f := inspect(t, o).expect(t, OK, "nats", "replicas", "leaders", "store"); f.Text != "3 servers of the cluster test" {
		t.Errorf("there are %s", f.Text)
	}
	servers.Kill(2)
	for start := time.Now(); ; { // an election may be in progress
		r := inspect(t, o)
		if i := slices.IndexFunc(r, func(f Finding) bool { return f.Check == "leaders" && f.State == Note }); i >= 0 {
			r[i].has(t, "n2 of ", "start the NATS servers")
			break
		}
		if time.Since(start) > time.Minute {
			t.Fatalf("a lost server is not noticed: %+v", r)
		}
	}
	o.CA = ""
	inspect(t, o).expect(t, Wrong, "nats").has(t, "unknown authority", "--nats-ca")
	o.CA = t.TempDir() + "/missing"
	if _, err := jetstream.Inspect(context.Background(), o, "b", nil, time.Second); err == nil {
		t.Error("a missing file is no error")
	}
}

// TestDiagnoseNATS diagnoses what takes long to produce with real servers.
func TestDiagnoseNATS(t *testing.T) {
	stream := func(name string, cluster *natsjs.ClusterInfo) jetstream.Stream {
		return jetstream.Stream{Name: name, Info: &natsjs.StreamInfo{
			Config: natsjs.StreamConfig{
				Name: name, Replicas: 3, Duplicates: 10 * time.Minute, AllowDirect: true,
				Metadata: map[string]string{"partyline.floor": "1", "partyline.partitions": "2"},
			},
			Cluster: cluster,
		}}
	}
	cluster := func(second, third natsjs.PeerInfo) *natsjs.ClusterInfo {
		second.Name, third.Name = "n1", "n2"
		return &natsjs.ClusterInfo{Leader: "n0", Replicas: []*natsjs.PeerInfo{&second, &third}}
	}
	current := natsjs.PeerInfo{Current: true}
	good := func() *jetstream.Inspection {
		all := cluster(current, current)
		in := &jetstream.Inspection{
			Options: jetstream.Options{Stream: "partyline", Partitions: 2, Replicas: 3, MaxText: 4096}, Account: &natsjs.AccountInfo{},
			Streams: []jetstream.Stream{stream("partyline-0", all), stream("partyline-1", all)}, Bucket: stream("KV_partyline-names", all),
		}
		for i := range 3 {
			in.Servers = append(in.Servers, jetstream.Server{URL: fmt.Sprintf("nats://n%d:4222", i), Name: fmt.Sprint("n", i), Version: "2.11.0", MaxPayload: 1 << 20})
		}
		return in
	}
	result(DiagnoseNATS(good())).expect(t, OK, "nats", "version", "partitions", "replicas", "leaders", "store", "disk")
	for _, c := range []struct {
		name          string
		change        func(in *jetstream.Inspection)
		state         State
		check         string
		found, advice string
	}{
		{"an old server", func(in *jetstream.Inspection) { in.Servers[1].Version = "2.10.29" }, Wrong, "version", "n1 has 2.10.29", "2.11"},
		{"a very old server", func(in *jetstream.Inspection) { in.Servers[1].Version = "1.99" }, Wrong, "version", "n1 has 1.99", "2.11"},
		{"a server with no version", func(in *jetstream.Inspection) { in.Servers[1].Version = "" }, Wrong, "version", "n1 has ", "2.11"},
		{"a stream without a leader", func(in *jetstream.Inspection) { in.Streams[1].Info.Cluster = &natsjs.ClusterInfo{} }, Note, "leaders", "none for partyline-1", "start the NATS servers"},
		{"a lagging replica", func(in *jetstream.Inspection) {
			in.Streams[1].Info.Cluster = cluster(natsjs.PeerInfo{Lag: 7}, current)
		}, Note, "leaders", "n1 of partyline-1 lacks 7 operations", "start the NATS servers"},
		{"an offline replica of the bucket", func(in *jetstream.Inspection) {
			in.Bucket.Info.Cluster = cluster(current, natsjs.PeerInfo{Current: true, Offline: true})
		}, Note, "leaders", "n2 of KV_partyline-names is offline", "start the NATS servers"},
		{"a bucket with one replica", func(in *jetstream.Inspection) { in.Bucket.Info.Config.Replicas = 1 }, Wrong, "replicas", "KV_partyline-names has 1", "stream edit KV_partyline-names --replicas 3"},
		{"too many replicas", func(in *jetstream.Inspection) { in.Options.Replicas = 2 }, Note, "replicas", "partyline-0 has 3", "--nats-replicas 3"},
		{"one replica of three servers", func(in *jetstream.Inspection) {
			in.Options.Replicas = 1
			for _, s := range append(in.Streams, in.Bucket) {
				s.Info.Config.Replicas = 1
			}
		}, Note, "replicas", "there are 3 NATS servers", "--nats-replicas 3"},
		{"an account that is almost full", func(in *jetstream.Inspection) {
			in.Account.Store, in.Account.Limits.MaxStore = 91<<20, 100<<20
		}, Note, "disk", "the account has 91 MiB of 100 MiB", "raise the limit"},
		{"a tier that is almost full", func(in *jetstream.Inspection) {
			tier := natsjs.Tier{Store: 91 << 20}
			tier.Limits.MaxStore = 100 << 20
			in.Account.Tiers = map[string]natsjs.Tier{"R3": tier}
		}, Note, "disk", "in R3, has 91 MiB", "raise the limit"},
		{"a stream that is almost full", func(in *jetstream.Inspection) {
			in.Streams[0].Info.State.Bytes, in.Streams[0].Info.Config.MaxBytes = 90, 100
		}, Note, "disk", "partyline-0 has 90 B of 100 B", "raise the limit"},
		{"no answer about a stream", func(in *jetstream.Inspection) {
			in.Streams[0].Info, in.Streams[0].Err = nil, context.DeadlineExceeded
		}, Wrong, "streams", "partyline-0: context deadline exceeded", "check the NATS servers"},
		{"a full disk", func(in *jetstream.Inspection) {
			in.Streams[0].StoreErr = &natsjs.APIError{Code: 503, ErrorCode: 10023, Description: "insufficient resources"}
		}, Wrong, "store", "partyline-0: nats: API error: code=503", "free space"},
		{"JetStream without an answer", func(in *jetstream.Inspection) { in.AccountErr = context.DeadlineExceeded }, Wrong, "jetstream", "context deadline exceeded", "try again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := good()
			c.change(in)
			result(DiagnoseNATS(in)).expect(t, c.state, c.check).has(t, c.found, c.advice)
		})
	}
}

// TestNATSSyntax has NATS check a configuration with each line of the advice for it.
func TestNATSSyntax(t *testing.T) {
	in := func() *jetstream.Inspection {
		return &jetstream.Inspection{
			Options: jetstream.Options{Stream: "partyline", Partitions: 1, MaxText: 1 << 20}, Account: &natsjs.AccountInfo{},
			Servers: []jetstream.Server{{Version: "2.11.0", MaxPayload: 1 << 20}},
		}
	}
	lines := func(in *jetstream.Inspection, check string) string {
		for _, f := range DiagnoseNATS(in) {
			if f.Check == check && len(f.Advice) > 0 && f.Advice[0].For == "NATS" {
				return strings.Join(f.Advice[0].Lines, "\n") + "\n"
			}
		}
		t.Errorf("there is no advice of %s", check)
		return ""
	}
	off, account, denied := in(), in(), in()
	off.AccountErr, account.AccountErr = natsjs.ErrJetStreamNotEnabled, natsjs.ErrJetStreamNotEnabledForAccount
	denied.Denied = []string{`Publish to "x"`}
	file := filepath.Join(t.TempDir(), "nats.conf")
	text := lines(off, "jetstream") + lines(in(), "payload") + "accounts { A {\n" + lines(account, "jetstream") +
		"users: [{ user: a, password: b, permissions {\n" + lines(denied, "rights") + "} }]\n} }\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	natstest.Check(t, file)
}

// authorityFile returns a file with the certificate of an authority.
func authorityFile(t *testing.T, a *certstest.Authority) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, a.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
