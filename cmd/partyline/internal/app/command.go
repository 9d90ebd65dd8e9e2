package app

import (
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

const about = `partyline is a chat room server for netcat and browsers. Every member of a room receives
every message of the room, in the same order.

By default it accepts connections from this machine only; --tcp :4000 --http :8080 accepts
them from other machines too. The environment can set each flag: PARTYLINE_TCP sets --tcp,
PARTYLINE_MAX_LINE sets --max-line. A flag overrides its variable. A variable that is set
but empty counts: PARTYLINE_TCP= turns the TCP listener off.

A size is a number with a unit, as in 64KiB, 1MiB or 1.5MB. A number alone is in the unit
that the flag's description names. A duration is a number with a unit, as in 30s or 1m30s.

With TLS, SIGHUP loads the certificates again. Otherwise it shuts the server down, as SIGTERM does.`

// newCommand returns the command that runs the server, with the commands below it.
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
			ctx := cmd.Context()
			if c.TLS.hasTLS() {
				var stop func()
				ctx, c.Reload, stop = reloadOnHangup(ctx)
				defer stop()
			}
			return Serve(ctx, c, l, log)
		},
	}
	cmd.SetFlagErrorFunc(flagError)
	cmd.SetVersionTemplate("partyline {{.Version}}\n")
	cmd.CompletionOptions.DisableDefaultCmd = true
	c.addFlags(cmd.Flags())
	cmd.AddCommand(newTalkCommand(), newSendCommand(), newHealthCommand(), newBenchCommand())
	return cmd
}
