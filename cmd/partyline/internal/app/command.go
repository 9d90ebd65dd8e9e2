package app

import (
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"partyline/cmd/partyline/internal/build"
	"partyline/cmd/partyline/internal/notify"
)

const about = `partyline is a chat room server for netcat and browsers. Every member of a room receives
every message of the room, in the same order.

By default it accepts connections from this machine only; --tcp :4000 --http :8080 accepts
them from other machines too. The environment can set each flag: PARTYLINE_TCP sets --tcp,
PARTYLINE_MAX_LINE sets --max-line. So can the file of --config. A flag overrides its variable, which
overrides the file. A variable that is set but empty counts: PARTYLINE_TCP= turns the TCP listener off.

A size is a number with a unit, as in 64KiB, 1MiB or 1.5MB. A number alone is in the unit
that the flag's description names. A duration is a number with a unit, as in 30s or 1m30s.

`

const aboutRest = `

Environment:
  PARTYLINE_TCP, ...  the flags, as above
  LISTEN_FDS          the sockets that systemd passes, with LISTEN_FDNAMES and LISTEN_PID
  GOGC                as Go's package runtime describes it; 50 if it is not set

Exit status:
  0  the server was shut down
  1  a wrong flag, setting or argument, or another error`

// aboutReload returns what SIGHUP does.
func aboutReload() string {
	return fill("SIGHUP makes the server read the file, and the certificates, again. It disconnects nobody. "+
		"The flags that it can change are --"+strings.Join(reloaded, ", --")+"; the log has what changed, and what needs "+
		"a restart. If the terminal of the server is closed, SIGHUP shuts it down, as SIGTERM does.", 95)
}

// newCommand returns the command that runs the server, with the commands below it.
func newCommand(version string) *cobra.Command {
	s := newSettings(version)
	cmd := &cobra.Command{
		Use:           "partyline",
		Short:         "A chat room for netcat and browsers",
		Long:          about + aboutReload() + aboutRest,
		Version:       version + " (" + build.Details() + ")",
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		PreRunE:       func(cmd *cobra.Command, _ []string) error { return s.load(cmd.Flags(), os.LookupEnv) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			c := s.Config
			level := new(slog.LevelVar)
			level.Set(logLevel(c.LogLevel))
			log, err := newLog(cmd.ErrOrStderr(), level, c.LogFormat)
			if err != nil {
				return err
			}
			defer log.close()
			c.Terminal = log.terminal()
			signal.Ignore(syscall.SIGPIPE) // the reader of the log may exit
			c.Notifier = notify.New(log.Logger)
			l, err := Listen(c)
			if err != nil {
				return err
			}
			ctx, requests, stop := reloadOnHangup(cmd.Context())
			defer stop()
			c.reload = reloading{requests, func() (Config, error) { return s.again(os.LookupEnv) }, level}
			return Serve(ctx, c, l, log.Logger)
		},
	}
	cmd.SetFlagErrorFunc(flagError)
	// A template of cobra, as for the version, would make the program 2.4 MB larger.
	cmd.CompletionOptions.DisableDefaultCmd = true
	s.addFlags(cmd.Flags())
	cmd.AddCommand(newTalkCommand(), newSendCommand(), newConfigCommand(), newHistoryCommand(), newHealthCommand(), newDoctorCommand(), newBenchCommand(), newCompletionCommand())
	completeValues(cmd)
	return cmd
}
