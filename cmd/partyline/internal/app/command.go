package app

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

const about = `partyline is a chat room server for netcat and browsers. Every member of a room receives
every message of the room, in the same order.

By default it accepts connections from this machine only; --tcp :4000 --http :8080 accepts
them from other machines too. The environment can set each flag: PARTYLINE_TCP sets --tcp,
PARTYLINE_MAX_LINE sets --max-line. So can the file of --config. A flag overrides its variable, which
overrides the file. A variable that is set but empty counts: PARTYLINE_TCP= turns the TCP listener off.

A size is a number with a unit, as in 64KiB, 1MiB or 1.5MB. A number alone is in the unit
that the flag's description names. A duration is a number with a unit, as in 30s or 1m30s.

With TLS, SIGHUP loads the certificates again. Otherwise it shuts the server down, as SIGTERM does.`

// newCommand returns the command that runs the server, with the commands below it.
func newCommand(version string) *cobra.Command {
	s := newSettings(version)
	cmd := &cobra.Command{
		Use:           "partyline",
		Short:         "A chat room for netcat and browsers",
		Long:          about,
		Version:       version,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		PreRunE:       func(cmd *cobra.Command, _ []string) error { return s.load(cmd.Flags(), os.LookupEnv) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			c := s.Config
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
	s.addFlags(cmd.Flags())
	cmd.AddCommand(newTalkCommand(), newSendCommand(), newConfigCommand(), newHealthCommand(), newDoctorCommand(), newBenchCommand())
	return cmd
}
