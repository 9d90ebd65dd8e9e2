package main

import (
	"errors"
	"math"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"partyline/web"
	"partyline/wsgw"
)

// config is what the command line and the environment decide.
type config struct {
	tcp, http string // addresses to listen on; "" turns the door off
	keep      keep
	replay    int // of them a newcomer gets
	origins   []string
	hosts     []string
	drain     time.Duration
	limits    limits
	logLevel  string
	logFormat string
}

const about = `partyline puts netcat and browsers on one line: what one says, everybody in the room
hears, in the same order.

It listens on this machine alone unless told otherwise: --tcp :4000 --http :8080 lets
others in. Each flag can be given by the environment too: PARTYLINE_TCP for --tcp,
PARTYLINE_MAX_LINE for --max-line. A flag beats the environment. An empty variable
counts as given: PARTYLINE_TCP= turns that door off.`

func newCommand() *cobra.Command {
	var c config
	cmd := &cobra.Command{
		Use:           "partyline",
		Short:         "A room for netcat and browsers",
		Long:          about,
		Version:       version,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := fromEnvironment(cmd.Flags(), os.LookupEnv); err != nil {
				return err
			}
			if c.tcp == "" && c.http == "" {
				return errors.New("both doors are off: give --tcp or --http an address")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, endLog, err := newLogger(cmd.ErrOrStderr(), c.logLevel, c.logFormat)
			if err != nil {
				return err
			}
			defer endLog()
			signal.Ignore(syscall.SIGPIPE) // nobody may read the log
			l, err := listen(c)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), c, l, log)
		},
	}
	cmd.SetFlagErrorFunc(flagError)
	cmd.SetVersionTemplate("partyline {{.Version}}\n")
	cmd.CompletionOptions.DisableDefaultCmd = true
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&c.tcp, "tcp", "127.0.0.1:4000", `address for netcat; "" for none`)
	f.StringVar(&c.http, "http", "127.0.0.1:8080", `address for browsers and bots; "" for none`)
	c.keep.addFlags(f)
	intVar(f, &c.replay, "replay", 20, 0, math.MaxInt32, "messages that a newcomer is told")
	listVar(f, &c.origins, "origin", checkOrigins, "origins", "web site whose pages may come in, besides the server's own; https://*.example.org for each name one level below; may be repeated")
	listVar(f, &c.hosts, "host", checkHosts, "hosts", "name to which the page answers; others are refused if it is given, or if --http is a loopback address; may be repeated")
	durationVar(f, &c.drain, "drain", 5*time.Second, 0, "time to deliver what was said when the server ends")
	c.limits.addFlags(f)
	choiceVar(f, &c.logLevel, "log-level", "info", "debug, info, warn or error", "debug", "info", "warn", "error")
	choiceVar(f, &c.logFormat, "log-format", "text", "text or json", "text", "json")
	cmd.AddCommand(newBenchCommand())
	return cmd
}

func checkOrigins(list []string) error {
	_, err := wsgw.ParseOrigins(list)
	return err
}

func checkHosts(list []string) error {
	_, err := web.ParseHosts(list)
	return err
}
