package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
PARTYLINE_MAX_LINE for --max-line. A flag beats the environment.`

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
			return c.check()
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
	cmd.SetVersionTemplate("partyline {{.Version}}\n")
	cmd.CompletionOptions.DisableDefaultCmd = true
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&c.tcp, "tcp", "127.0.0.1:4000", `address for netcat; "" for none`)
	f.StringVar(&c.http, "http", "127.0.0.1:8080", `address for browsers and bots; "" for none`)
	c.keep.addFlags(f)
	f.IntVar(&c.replay, "replay", 20, "messages that a newcomer is told")
	f.StringSliceVar(&c.origins, "origin", nil, "web site whose pages may come in, besides the server's own; https://*.example.org for each name one level below; may be repeated")
	f.StringSliceVar(&c.hosts, "host", nil, "name to which the page answers; others are refused if it is given, or if --http is a loopback address; may be repeated")
	f.DurationVar(&c.drain, "drain", 5*time.Second, "time to deliver what was said when the server ends")
	c.limits.addFlags(f)
	f.StringVar(&c.logLevel, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&c.logFormat, "log-format", "text", "text or json")
	cmd.AddCommand(newBenchCommand())
	return cmd
}

func (c *config) check() error {
	switch {
	case c.tcp == "" && c.http == "":
		return errors.New("both doors are off: give --tcp or --http an address")
	case c.replay < 0:
		return errors.New("--replay is below 0")
	case c.drain < 0:
		return errors.New("--drain is below 0")
	}
	if err := c.keep.check(); err != nil {
		return err
	}
	return c.limits.check()
}

// fromEnvironment sets the flags that were not given and that the environment names.
func fromEnvironment(flags *pflag.FlagSet, lookup func(string) (string, bool)) error {
	var wrong error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "PARTYLINE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, ok := lookup(name)
		if !ok || wrong != nil || f.Changed || f.Name == "help" || f.Name == "version" {
			return
		}
		if err := f.Value.Set(value); err != nil {
			wrong = fmt.Errorf("%s=%q: %w", name, value, err)
		}
	})
	return wrong
}
