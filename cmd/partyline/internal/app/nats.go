package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"

	"github.com/spf13/pflag"

	"partyline/hub/directory/natsdir"
	"partyline/hub/history/jetstream"
)

// natsFlags are the flags for a history that servers share. Without URLs there is none.
type natsFlags struct {
	URLs       []string
	Creds, CA  string // files
	Stream     string
	Partitions int
	Replicas   int
	Domain     string
}

var defaultNATS = natsFlags{Stream: jetstream.DefaultStream, Partitions: jetstream.DefaultPartitions, Replicas: 1}

func (n *natsFlags) addFlags(f *pflag.FlagSet) {
	listVar(f, &n.URLs, "nats", checkNATS, "NATS servers", "NATS server with JetStream, in which servers share the history and so form one, such as nats://10.0.0.1:4222, or tls:// in place of nats://; one suffices to find its cluster; may be repeated")
	fileVar(f, &n.Creds, "nats-creds", "file with the credentials of a NATS user", "creds")
	fileVar(f, &n.CA, "nats-ca", "file with the certificates of authorities, in PEM, that sign those of the NATS servers; without this flag those of the system")
	textVar(f, &n.Stream, "nats-stream", natsName.MatchString, "1 to 32 of a-z, A-Z, 0-9, _ and -", "beginning of the names of the streams and of their subjects")
	intVar(f, &n.Partitions, "nats-partitions", 1, 256, "number of streams among which the rooms are divided; it can't change once there is a history")
	intVar(f, &n.Replicas, "nats-replicas", 1, 5, "number of NATS servers that store each message")
	textVar(f, &n.Domain, "nats-domain", func(s string) bool { return s == "" || natsName.MatchString(s) }, "1 to 32 of a-z, A-Z, 0-9, _ and -", `JetStream domain; "" for that of the servers`)
}

// natsName matches what may be a part of a subject of NATS.
var natsName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,32}$`)

// checkNATS returns an error unless each element is the address of a NATS server.
func checkNATS(list []string) error {
	for _, address := range list {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "nats" && u.Scheme != "tls" || u.Hostname() == "" || u.Path != "" {
			return errors.New("each is nats:// or tls:// and a host, with or without a port")
		}
		if u.Port() == "" {
			continue
		}
		if _, err := net.LookupPort("tcp", u.Port()); err != nil {
			return fmt.Errorf("%q is not a port", u.Port())
		}
	}
	return nil
}

// open returns the journal that servers share.
func (n *natsFlags) open(o jetstream.Options) (*jetstream.Journal, error) {
	return jetstream.Open(n.in(o))
}

// in returns options with those of the flags.
func (n *natsFlags) in(o jetstream.Options) jetstream.Options {
	o.URLs, o.Credentials, o.CA, o.Domain = n.URLs, n.Creds, n.CA, n.Domain
	o.Stream, o.Partitions, o.Replicas = n.Stream, n.Partitions, n.Replicas
	return o
}

// directory returns the directory of the servers that share the history j.
func (n *natsFlags) directory(j *jetstream.Journal, log *slog.Logger) *natsdir.Directory {
	conn, js := j.Conn()
	return natsdir.New(natsdir.Options{Conn: conn, Stream: js, Name: n.Stream, Replicas: n.Replicas, Log: log})
}

// natsState is what /api/v1/history says of a history in NATS.
type natsState struct {
	Servers []string `json:"servers"`
	Stream  string   `json:"stream"`
	Ready   bool     `json:"ready"` // it has been reached once
}

func (n *natsFlags) state(j *jetstream.Journal) *natsState {
	s := &natsState{Stream: n.Stream, Ready: j.Ready()}
	for _, address := range n.URLs {
		u, _ := url.Parse(address) // checkNATS has checked it
		s.Servers = append(s.Servers, u.Redacted())
	}
	return s
}
