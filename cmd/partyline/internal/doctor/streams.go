package doctor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	natsjs "github.com/nats-io/nats.go/jetstream"

	"partyline/hub/history"
	"partyline/hub/history/jetstream"
)

// all returns the streams, and that of the bucket.
func (d *natsDiagnosis) all() []jetstream.Stream { return append(slices.Clone(d.Streams), d.Bucket) }

// streams checks that the streams are there, or can be created.
func (d *natsDiagnosis) streams() Finding {
	f := Finding{Check: "streams", State: Wrong}
	var failed, refused, foreign []string
	var failure, refusal error
	var present, missing []string
	for _, s := range d.all() {
		switch {
		case s.Err != nil:
			failed, failure = append(failed, s.Name+": "+s.Err.Error()), s.Err
		case s.CreateErr != nil:
			refused, refusal = append(refused, s.Name+": "+s.CreateErr.Error()), s.CreateErr
		case s.Info == nil:
			missing = append(missing, s.Name)
		default:
			present = append(present, s.Name)
			if _, ok := jetstream.PartitionsOf(s.Info); !ok && s.Name != d.Bucket.Name {
				foreign = append(foreign, s.Name)
			}
		}
	}
	switch {
	case len(failed)+len(refused) > 0 && len(d.Denied) > 0:
		return skipped("streams", "not known; see rights")
	case len(failed) > 0:
		f.Text, f.Problem = "NATS does not tell about "+some(namesOf(failed)), "NATS does not tell about a stream."
		f.Found, f.Effect = some(failed), "Messages of its rooms are refused."
		f.Advice = []Advice{{Where: jetstream.Hint(failure)}}
	case len(foreign) > 0:
		f.Text, f.Problem = some(foreign)+" of another program", "Another program has created a stream with a name that partyline uses."
		f.Found, f.Effect = some(foreign)+" has no metadata of partyline", "Messages of its rooms are refused."
		f.Advice = []Advice{server("--nats-stream NAME")}
	case len(refused) > 0:
		f.Text, f.Problem = some(namesOf(refused))+" can't be created", "A stream that is missing can't be created."
		f.Found, f.Effect = some(refused), "Messages of its rooms are refused."
		f.Advice = []Advice{{Where: jetstream.Hint(refusal)}}
		var api *natsjs.APIError
		if errors.As(refusal, &api) && api.ErrorCode == overlaps {
			f.Advice = []Advice{{Where: "delete the stream of another program that has the subjects " + d.Options.Stream + ".>"}, or(server("--nats-stream NAME"))}
		}
	case len(present) == 0:
		return ok("streams", "none yet; the first partyline can create them")
	case len(missing) > 0:
		return ok("streams", "%s; %s can be created", some(present), some(missing))
	default:
		return ok("streams", "%s", some(present))
	}
	return f
}

// overlaps is the number of the error of NATS that says that another stream has the subjects of a new one.
const overlaps = 10065

// namesOf returns what is before the first colon of each text.
func namesOf(texts []string) (names []string) {
	for _, text := range texts {
		name, _, _ := strings.Cut(text, ":")
		names = append(names, name)
	}
	return names
}

// own returns the streams that partyline has created, with that of the bucket.
func (d *natsDiagnosis) own() (own []jetstream.Stream) {
	for _, s := range d.Streams {
		if s.Info != nil {
			if _, ok := jetstream.PartitionsOf(s.Info); ok {
				own = append(own, s)
			}
		}
	}
	if d.Bucket.Info != nil {
		own = append(own, d.Bucket)
	}
	return own
}

// partitions checks among how many streams the rooms are divided.
func (d *natsDiagnosis) partitions() Finding {
	want, has := d.Options.Partitions, 0
	for _, s := range d.own() {
		if n, ok := jetstream.PartitionsOf(s.Info); ok && (has == 0 || n != want) {
			has = n
		}
	}
	switch has {
	case 0:
		return skipped("partitions", "no history yet")
	case want:
		return ok("partitions", "%d", has)
	}
	return Finding{
		Check: "partitions", State: Wrong, Text: fmt.Sprintf("%d, not %d", has, want), Problem: "The rooms are divided among another number of streams.",
		Found:  fmt.Sprintf("the streams say %d, and --nats-partitions is %d", has, want),
		Effect: "A server with these flags refuses all messages: it would look for the rooms in the wrong streams.",
		Advice: []Advice{server(fmt.Sprint("--nats-partitions ", has))},
	}
}

// settings checks those settings of the streams that a server does not correct.
func (d *natsDiagnosis) settings() Finding {
	f := Finding{
		Check: "settings", State: Wrong, Text: "are not those of partyline", Problem: "Somebody has changed the settings of a stream.",
		Effect: "Messages may be said twice or refused, or the history can't be read.",
	}
	var found []string
	line := int64(d.Options.MaxText)
	own := d.own()
	for _, s := range own {
		c := s.Info.Config
		edit := func(flags, format string, args ...any) {
			found = append(found, s.Name+" has "+fmt.Sprintf(format, args...))
			f.Advice = append(f.Advice, Advice{Where: "change it", Lines: []string{"nats stream edit " + s.Name + " " + flags}})
		}
		if s.Name != d.Bucket.Name && c.Duplicates < history.KeyLife {
			edit("--dupe-window "+minutes(history.KeyLife), "a duplicate window of %s", minutes(c.Duplicates))
		}
		if !c.AllowDirect {
			edit("--allow-direct", "no direct gets")
		}
		if size := int64(c.MaxMsgSize); size > 0 && size < maxEscape*line+maxEnvelope {
			edit("--max-msg-size -1", "a maximum message size of %s", sizeOf(size))
		}
	}
	switch {
	case len(own) == 0:
		return skipped("settings", "no stream yet")
	case len(found) == 0:
		return ok("settings", "a duplicate window of %s; those of partyline", minutes(history.KeyLife))
	}
	f.Found = some(found)
	return f
}

// replicas compares how many servers store each stream with how many should.
func (d *natsDiagnosis) replicas() Finding {
	want := d.Options.Replicas
	var fewer, more []string
	var lines []string
	own := d.own()
	for _, s := range own {
		has := fmt.Sprintf("%s has %d", s.Name, s.Info.Config.Replicas)
		switch {
		case s.Info.Config.Replicas < want:
			fewer = append(fewer, has)
			lines = append(lines, fmt.Sprintf("nats stream edit %s --replicas %d", s.Name, want))
		case s.Info.Config.Replicas > want:
			more = append(more, has)
		}
	}
	f := Finding{Check: "replicas"}
	switch {
	case len(own) == 0:
		return skipped("replicas", "no stream yet")
	case len(fewer) > 0:
		f.State, f.Text, f.Problem = Wrong, fmt.Sprintf("fewer than %d", want), "A stream has too few replicas."
		f.Found, f.Effect = fmt.Sprintf("%s; --nats-replicas is %d", some(fewer), want), "The loss of a NATS server may lose messages, or stop their rooms, or let nobody take a name."
		f.Advice = []Advice{
			{Where: fmt.Sprintf("start a partyline with --nats-replicas %d, which changes them; its log says why if it can't", want)},
			{Where: "or change them yourself", Lines: lines},
		}
	case len(more) > 0:
		f.State, f.Text, f.Problem = Note, fmt.Sprintf("more than %d", want), "A stream has more replicas than these flags want."
		f.Found, f.Effect = fmt.Sprintf("%s; --nats-replicas is %d", some(more), want), "A server that starts with these flags reduces them for all."
		f.Advice = []Advice{server(fmt.Sprint("--nats-replicas ", largestReplicas(own)))}
	case want == 1 && len(d.Servers) >= 3:
		f.State, f.Text, f.Problem = Note, "1", "Each stream is on one NATS server only."
		f.Found, f.Effect = fmt.Sprintf("--nats-replicas is 1, and there are %s", plural(len(d.Servers), "NATS server")), "If a NATS server is lost, the rooms of its streams have no messages until it is back."
		f.Advice = []Advice{server("--nats-replicas 3")}
	default:
		return ok("replicas", "%d of each stream", want)
	}
	return f
}

func largestReplicas(streams []jetstream.Stream) (n int) {
	for _, s := range streams {
		n = max(n, s.Info.Config.Replicas)
	}
	return n
}

// leaders checks that each stream has a leader, and that its replicas are current.
func (d *natsDiagnosis) leaders() Finding {
	var headless, lagging []string
	own := d.own()
	current, isReplicated := 0, false
	for _, s := range own {
		cluster := s.Info.Cluster
		if cluster == nil {
			continue // a server alone
		}
		if cluster.Leader == "" {
			headless = append(headless, s.Name)
			continue
		}
		n := 1
		for _, peer := range cluster.Replicas {
			isReplicated = true
			switch {
			case peer.Offline:
				lagging = append(lagging, fmt.Sprintf("%s of %s is offline", peer.Name, s.Name))
			case !peer.Current:
				lagging = append(lagging, fmt.Sprintf("%s of %s lacks %d operations", peer.Name, s.Name, peer.Lag))
			default:
				n++
			}
		}
		if current == 0 || n < current {
			current = n
		}
	}
	f := Finding{Check: "leaders", State: Note, Advice: []Advice{{Where: "start the NATS servers that do not run; one that was away needs a while, and its log says how far it is"}}}
	switch {
	case len(own) == 0:
		return skipped("leaders", "no stream yet")
	case len(headless) > 0:
		f.Text, f.Problem = some(headless)+" without a leader", "A stream has no leader."
		f.Found, f.Effect = "there is none for "+some(headless), "Messages of its rooms wait for an election, or are refused if most of its replicas are lost."
	case len(lagging) > 0:
		f.Text, f.Problem = plural(current, "replica")+" current", "A replica of a stream is not current."
		f.Found, f.Effect = some(lagging), "If another NATS server is lost now, no message may be said."
	case !isReplicated:
		return ok("leaders", "each stream has one")
	default:
		return ok("leaders", "each stream has one, and its replicas are current")
	}
	return f
}

// store checks that the streams store messages.
func (d *natsDiagnosis) store() Finding {
	var failed []string
	var failure error
	tried := 0
	for _, s := range d.own() {
		if n, ok := jetstream.PartitionsOf(s.Info); ok && n != d.Options.Partitions {
			continue
		}
		if tried++; s.StoreErr != nil {
			failed, failure = append(failed, s.Name+": "+s.StoreErr.Error()), s.StoreErr
		}
	}
	switch {
	case tried == 0:
		return skipped("store", "no stream to store a message in")
	case len(failed) > 0 && len(d.Denied) > 0:
		return skipped("store", "not known; see rights")
	case len(failed) > 0:
		return Finding{
			Check: "store", State: Wrong, Text: some(namesOf(failed)) + " can't", Problem: "A stream does not store messages.", Found: some(failed),
			Effect: "Messages of its rooms, or changes of names, are refused.", Advice: []Advice{{Where: jetstream.Hint(failure)}},
		}
	}
	return ok("store", "%s stored a probe", plural(tried, "stream"))
}

// almostFull is the part of a limit from which on it is close.
const almostFull = 0.9

// disk checks how much of the limits for the disk is used, as far as the user may know it.
func (d *natsDiagnosis) disk() Finding {
	var full []string
	used, limits := uint64(0), 0
	check := func(what string, used uint64, limit int64) {
		if limit > 0 {
			if limits++; float64(used) >= almostFull*float64(limit) {
				full = append(full, fmt.Sprintf("%s has %s of %s", what, sizeOf(used), sizeOf(limit)))
			}
		}
	}
	check("the account", d.Account.Store, d.Account.Limits.MaxStore)
	for name, tier := range d.Account.Tiers {
		check("the account, in "+name+",", tier.Store, tier.Limits.MaxStore)
	}
	for _, s := range d.own() {
		used += s.Info.State.Bytes
		check(s.Name, s.Info.State.Bytes, s.Info.Config.MaxBytes)
	}
	text := sizeOf(used) + " in the streams"
	switch {
	case len(full) > 0:
		slices.Sort(full)
		return Finding{
			Check: "disk", State: Note, Text: text, Problem: "The space for the history is almost used up.", Found: some(full),
			Effect: "Then messages are refused, or the oldest ones are removed.",
			Advice: []Advice{{Where: "raise the limit, or start partyline with a smaller --history or --history-age"}},
		}
	case limits == 0:
		return ok("disk", "%s; max_file and the disks are not known here", text)
	}
	return ok("disk", "%s", text)
}

// minutes returns a duration as the program nats takes it.
func minutes(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprint(int(d/time.Minute), "m")
	}
	return d.String()
}
