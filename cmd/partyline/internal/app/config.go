package app

import (
	"fmt"
	"io"
	"io/fs"
	"math"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"partyline/cmd/partyline/internal/notify"
	"partyline/hub"
	"partyline/web"
	"partyline/wsgw"
)

// Config holds the settings from the command line and the environment.
type Config struct {
	Version   string
	TCP, HTTP string // addresses to listen on, as package listen takes them; "" for no listener
	Admin     string // the same, for the operator
	UnixMode  fs.FileMode
	TLS       tlsFlags
	History   historyFlags
	Replay    int // messages that a member receives when it joins
	Origins   []string
	Hosts     []string
	PublicLog bool          // the history can be read without joining, at /log and /m
	Ping      time.Duration // the time between pings
	Drain     time.Duration
	Limits    Limits
	LogLevel  string
	LogFormat string

	// Terminal gets lines for a person that say how to connect, in place of log lines. It may be nil.
	Terminal io.Writer
	// Notifier tells the service manager what the server does. It may be nil.
	Notifier *notify.Notifier

	reload reloading // how a server gets new settings while it runs

	set map[string]string // where each flag was set, if it was: "--tcp", "PARTYLINE_TCP" or "partyline.toml:3"
}

// DefaultConfig returns the settings of a program without flags and variables.
func DefaultConfig() Config {
	return Config{
		Version: "dev",
		TCP:     "127.0.0.1:4000", HTTP: "127.0.0.1:8080", UnixMode: defaultUnixMode, TLS: tlsFlags{URL: letsEncrypt},
		History: defaultHistory, Replay: hub.DefaultReplay, PublicLog: true,
		Ping: hub.DefaultPing, Drain: 5 * time.Second, Limits: defaultLimits,
		LogLevel: "info", LogFormat: logAuto,
	}
}

func (c *Config) addFlags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVar(&c.TCP, "tcp", c.TCP, `address of the TCP listener, for netcat: host:port, unix:PATH or fd:NAME of systemd; "" for none`)
	f.StringVar(&c.HTTP, "http", c.HTTP, `address of the HTTP listener, for browsers and bots, in the same forms; it may be that of --tcp; "" for none`)
	f.StringVar(&c.Admin, "admin", c.Admin, `address of the operator's listener, in the same forms, such as 127.0.0.1:9090; it shows figures for Prometheus, a page with plots, clients and profiles, and must not be public; "" for none`)
	modeVar(f, &c.UnixMode, "unix-mode", "mode of the unix sockets that --tcp, --http and --admin create")
	c.TLS.addFlags(f)
	c.History.addFlags(f)
	intVar(f, &c.Replay, "replay", 0, math.MaxInt32, "number of stored messages that a member receives when it joins")
	listVar(f, &c.Origins, "origin", checkOrigins, "origins", "web site whose pages may open a WebSocket, in addition to the server's own page; https://*.example.org for each name one level below; may be repeated")
	listVar(f, &c.Hosts, "host", checkHosts, "hosts", "name that the HTTP server accepts in the Host header; without this flag it accepts any name, or only loopback names if --http is a loopback address; may be repeated")
	boolVar(f, &c.PublicLog, "public-log", "whether the HTTP server shows the history of rooms as pages without a script, at /log/ROOM and /m/ROOM/ID")
	f.Var(&value[time.Duration]{to: &c.Ping, parse: parsePing, kind: "duration"}, "ping", "time between pings to WebSockets and to clients that use JSON, which a proxy sees as traffic; clients expect one every 25 s")
	durationVar(f, &c.Drain, "drain", 0, "maximum time to deliver pending messages when the server shuts down")
	c.Limits.AddFlags(f)
	choiceVar(f, &c.LogLevel, "log-level", "lowest level that is logged: debug, info, warn or error", "debug", "info", "warn", "error")
	choiceVar(f, &c.LogFormat, "log-format", "format of the log: text, json, or auto for short lines on a terminal and text elsewhere", logAuto, logText, logJSON)
}

// reloaded are the flags that a running server can change, at SIGHUP.
var reloaded = []string{
	"origin", "host", "rate", "burst", "max-asked", "max-members", "max-per-address", "max-arrivals", "exempt",
	"proxy", "max-rooms", "max-new-rooms", "max-backlog", "public-log", "log-level",
}

// flags returns the flags whose values are those of c.
func (c *Config) flags() *pflag.FlagSet {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	c.addFlags(f)
	return f
}

// parsePing parses the value of --ping.
func parsePing(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Second || d > hub.DefaultPing {
		return 0, fmt.Errorf("is not a duration between 1s and %v", hub.DefaultPing)
	}
	return d, nil
}

// source returns the name of what has set a flag, for an error: "--tcp", also if nothing has set it,
// "PARTYLINE_TCP" or "partyline.toml:3: tcp".
func (c *Config) source(flag string) string {
	switch where := c.set[flag]; {
	case where == "":
		return "--" + flag
	case strings.Contains(where, ":"):
		return where + ": " + flag
	default:
		return where
	}
}

func checkOrigins(list []string) error {
	_, err := wsgw.ParseOrigins(list)
	return err
}

func checkHosts(list []string) error {
	_, err := web.ParseHosts(list)
	return err
}
