package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/dustin/go-humanize"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"partyline/hub/history/jetstream"
)

// DiagnoseNATS returns one finding for each check of the NATS servers, in a fixed order. A check that another one makes
// pointless is left out.
func DiagnoseNATS(in *jetstream.Inspection) []Finding {
	d := &natsDiagnosis{in}
	all := []Finding{d.reached()}
	if !d.Reached() {
		return all
	}
	all = append(all, d.version(), d.jetStream(), d.rights())
	if d.AccountErr != nil {
		return all
	}
	return append(all, d.payload(), d.streams(), d.partitions(), d.settings(), d.replicas(), d.leaders(), d.store(), d.disk())
}

// A natsDiagnosis is in progress.
type natsDiagnosis struct{ *jetstream.Inspection }

// unreached returns how many servers were not reached.
func (d *natsDiagnosis) unreached() (n int) {
	for _, s := range d.Servers {
		if s.Err != nil {
			n++
		}
	}
	return n
}

// reached checks that each NATS server lets partyline in.
func (d *natsDiagnosis) reached() Finding {
	n := d.unreached()
	if n == 0 {
		text := plural(len(d.Servers), "server")
		if d.Cluster != "" {
			text += " of the cluster " + d.Cluster
		}
		return ok("nats", "%s", text)
	}
	f := Finding{
		Check: "nats", State: Note, Text: fmt.Sprintf("%d of %s not reached", n, plural(len(d.Servers), "server")),
		Problem: "A NATS server is not reached.", Effect: "partyline uses the others. If most of them are lost, no message can be said.",
	}
	if !d.Reached() {
		f.State, f.Problem, f.Effect = Wrong, "No NATS server lets partyline in.", `All clients are turned away: "the server is starting".`
	}
	var found, does []string
	for _, s := range d.Servers {
		if s.Err != nil {
			found = append(found, s.URL+": "+s.Err.Error())
			does = append(does, natsAdvice(s.Err))
		}
	}
	f.Found = strings.Join(found, "; ")
	for _, do := range slices.Compact(slices.Sorted(slices.Values(does))) {
		f.Advice = append(f.Advice, Advice{Where: do})
	}
	return f
}

// natsAdvice returns what to do about an error of a connection to NATS.
func natsAdvice(err error) string {
	var unknown x509.UnknownAuthorityError
	var wrongName x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var dns *net.DNSError
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAccountAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		return "check the user and the password in the URL, or the file of --nats-creds"
	case errors.Is(err, nats.ErrSecureConnWanted), errors.As(err, &record):
		return "the server has no TLS: use nats:// and no --nats-ca, or give it a certificate"
	case errors.As(err, &unknown):
		return "give --nats-ca the certificate of the authority that signs that of the server"
	case errors.As(err, &wrongName):
		return "get a certificate for the name in the URL, or use a name that the certificate has"
	case errors.As(err, &invalid):
		return "renew the certificate, and check the clock of this machine"
	case errors.As(err, &dns):
		return "check the name, and the DNS"
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, nats.ErrNoServers):
		return "nothing listens there: start the NATS server, or correct the address"
	case errors.Is(err, os.ErrPermission):
		return "this user may not read the file"
	}
	return "a firewall may be in between; look at the log of the NATS server"
}

// The oldest version of NATS that has what partyline uses.
const oldestMajor, oldestMinor = 2, 11

// version checks the version of each server.
func (d *natsDiagnosis) version() Finding {
	var versions, old []string
	for _, s := range d.Servers {
		if s.Err != nil {
			continue
		}
		versions = append(versions, s.Version)
		var major, minor int
		fmt.Sscanf(s.Version, "%d.%d", &major, &minor)
		if major < oldestMajor || major == oldestMajor && minor < oldestMinor {
			old = append(old, s.Name+" has "+s.Version)
		}
	}
	text := strings.Join(slices.Compact(slices.Sorted(slices.Values(versions))), ", ")
	if len(old) == 0 {
		return ok("version", "%s", text)
	}
	return Finding{
		Check: "version", State: Wrong, Text: text, Problem: "A NATS server is too old.", Found: some(old),
		Effect: "The history can't be read.", Advice: []Advice{{Where: fmt.Sprintf("install NATS %d.%d or newer there", oldestMajor, oldestMinor)}},
	}
}

// jetStream checks that JetStream answers.
func (d *natsDiagnosis) jetStream() Finding {
	if d.AccountErr == nil {
		return ok("jetstream", "answers; it has %s", plural(d.Account.Streams, "stream"))
	}
	f := Finding{
		Check: "jetstream", State: Wrong, Text: "does not answer", Problem: "JetStream does not answer.", Found: d.AccountErr.Error(),
		Effect: `All clients are turned away: "the server is starting".`,
	}
	switch {
	case len(d.Denied) > 0:
		return skipped("jetstream", "does not answer; see rights")
	case errors.Is(d.AccountErr, natsjs.ErrJetStreamNotEnabledForAccount):
		f.Text, f.Problem = "is off for this user", "The account of the user has no JetStream."
		f.Advice = []Advice{add("NATS", "in the account of the user", "jetstream: enabled")}
	case errors.Is(d.AccountErr, natsjs.ErrJetStreamNotEnabled), errors.Is(d.AccountErr, nats.ErrNoResponders):
		f.Text, f.Problem = "is off", "JetStream is off."
		f.Advice = []Advice{
			add("NATS", "in its configuration", "jetstream {", "  store_dir: /var/lib/nats", "}"),
			{Where: "if that is there, look at the log of NATS: it turns JetStream off when its disk is full"},
		}
		if d.Options.Domain != "" {
			f.Advice = append(f.Advice, Advice{Where: "check --nats-domain " + d.Options.Domain})
		}
	default:
		f.Advice = []Advice{{Where: jetstream.Hint(d.AccountErr)}, {Where: "try again: after the loss of a server, an election takes some seconds"}}
	}
	return f
}

// rights checks what the user may do.
func (d *natsDiagnosis) rights() Finding {
	if len(d.Denied) == 0 {
		return ok("rights", "the user may do what partyline does")
	}
	name := d.Options.Stream
	return Finding{
		Check: "rights", State: Wrong, Text: "the user may do too little", Problem: "The NATS user may not do what partyline does.",
		Found: "NATS refuses " + some(d.Denied), Effect: "Messages, members or names are refused.",
		Advice: []Advice{add("NATS", "in the permissions of the user",
			fmt.Sprintf(`publish: ["%[1]s.>", "$JS.API.>", "$JS.FC.>", "$KV.%[1]s-names.>", "_INBOX.>"]`, name),
			fmt.Sprintf(`subscribe: ["%s.>", "_INBOX.>"]`, name))},
	}
}

// Bytes of a message in NATS. Each byte of a line may need six: "<" is \u003c in JSON.
const (
	maxEscape   = 6
	maxEnvelope = 1 << 10 // the rest of the message: names, headers, subject
)

// payload checks that the longest line fits into a message of NATS.
func (d *natsDiagnosis) payload() Finding {
	least := int64(0)
	for _, s := range d.Servers {
		if s.Err == nil && (least == 0 || s.MaxPayload < least) {
			least = s.MaxPayload
		}
	}
	line := int64(d.Options.MaxText)
	f := Finding{
		Check: "payload", Text: "up to " + sizeOf(least), Found: fmt.Sprintf("max_payload is %s, and --max-line is %s", sizeOf(least), sizeOf(line)),
		Advice: []Advice{
			add("NATS", "in its configuration", fmt.Sprintf("max_payload: %d", maxEscape*line+maxEnvelope)),
			or(server(fmt.Sprintf("--max-line %d", max((least-maxEnvelope)/maxEscape, 16)))),
		},
	}
	switch {
	case line+maxEnvelope > least:
		f.State, f.Problem, f.Effect = Wrong, "A long line does not fit into a message of NATS.", "It is refused."
	case maxEscape*line+maxEnvelope > least:
		f.State, f.Problem = Note, "A long line may not fit into a message of NATS."
		f.Effect = `It is refused if it has many of the characters that JSON escapes, such as "<".`
	default:
		return ok("payload", "%s, enough for a line of %s", f.Text, sizeOf(line))
	}
	return f
}

// some returns a list of at most three, and how many more there are.
func some(list []string) string {
	const most = 3
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func sizeOf[T int64 | uint64](n T) string { return humanize.IBytes(uint64(n)) }
