package app

import (
	"errors"
	"math"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"partyline/hub"
	"partyline/web"
	"partyline/wsgw"
)

// Config holds the settings from the command line and the environment.
type Config struct {
	Version   string
	TCP, HTTP string // addresses to listen on; "" for no listener
	History   historyFlags
	Replay    int // messages that a member receives when it joins
	Origins   []string
	Hosts     []string
	Drain     time.Duration
	Limits    Limits
	LogLevel  string
	LogFormat string

	environment map[string]bool // flags that the environment has set
}

// DefaultConfig returns the settings of a program without flags and variables.
func DefaultConfig() Config {
	return Config{
		Version: "dev",
		TCP:     "127.0.0.1:4000", HTTP: "127.0.0.1:8080",
		History: defaultHistory, Replay: hub.DefaultReplay,
		Drain: 5 * time.Second, Limits: defaultLimits,
		LogLevel: "info", LogFormat: "text",
	}
}

const about = `partyline is a chat room server for netcat and browsers. Every member of a room receives
every message of the room, in the same order.

By default it accepts connections from this machine only; --tcp :4000 --http :8080 accepts
them from other machines too. The environment can set each flag: PARTYLINE_TCP sets --tcp,
PARTYLINE_MAX_LINE sets --max-line. A flag overrides its variable. A variable that is set
but empty counts: PARTYLINE_TCP= turns the TCP listener off.

A size is a number with a unit, as in 64KiB, 1MiB or 1.5MB. A number alone is in the unit
that the flag's description names. A duration is a number with a unit, as in 30s or 1m30s.`

func newCommand(version string) *cobra.Command {
	c := DefaultConfig()
	c.Version = version
	cmd := &cobra.Command{
		Use:           "partyline",
		Short:         "A chat room for netcat and browsers",
		Long:          about,
		Version:       version,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		PreRunE: func(cmd *cobra.Command, _ []string) (err error) {
			if c.environment, err = fromEnvironment(cmd.Flags(), os.LookupEnv); err != nil {
				return err
			}
			if c.TCP == "" && c.HTTP == "" {
				return errors.New("both listeners are off: give --tcp or --http an address")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, closeLog, err := newLogger(cmd.ErrOrStderr(), c.LogLevel, c.LogFormat)
			if err != nil {
				return err
			}
			defer closeLog()
			signal.Ignore(syscall.SIGPIPE) // the reader of the log may exit
			l, err := Listen(c)
			if err != nil {
				return err
			}
			return Serve(cmd.Context(), c, l, log)
		},
	}
	cmd.SetFlagErrorFunc(flagError)
	cmd.SetVersionTemplate("partyline {{.Version}}\n")
	cmd.CompletionOptions.DisableDefaultCmd = true
	c.addFlags(cmd.Flags())
	cmd.AddCommand(newBenchCommand())
	return cmd
}

func (c *Config) addFlags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVar(&c.TCP, "tcp", c.TCP, `address of the TCP listener, for netcat; "" for none`)
	f.StringVar(&c.HTTP, "http", c.HTTP, `address of the HTTP listener, for browsers and bots; "" for none`)
	c.History.addFlags(f)
	intVar(f, &c.Replay, "replay", 0, math.MaxInt32, "number of stored messages that a member receives when it joins")
	listVar(f, &c.Origins, "origin", checkOrigins, "origins", "web site whose pages may open a WebSocket, in addition to the server's own page; https://*.example.org for each name one level below; may be repeated")
	listVar(f, &c.Hosts, "host", checkHosts, "hosts", "name that the HTTP server accepts in the Host header; without this flag it accepts any name, or only loopback names if --http is a loopback address; may be repeated")
	durationVar(f, &c.Drain, "drain", 0, "maximum time to deliver pending messages when the server shuts down")
	c.Limits.AddFlags(f)
	choiceVar(f, &c.LogLevel, "log-level", "lowest level that is logged: debug, info, warn or error", "debug", "info", "warn", "error")
	choiceVar(f, &c.LogFormat, "log-format", "format of the log: text or json", "text", "json")
}

// source returns the name of what has set a flag, for an error: "--tcp", or "PARTYLINE_TCP" if the
// environment has set it.
func (c *Config) source(flag string) string {
	if c.environment[flag] {
		return variable(flag)
	}
	return "--" + flag
}

func checkOrigins(list []string) error {
	_, err := wsgw.ParseOrigins(list)
	return err
}

func checkHosts(list []string) error {
	_, err := web.ParseHosts(list)
	return err
}
