package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"partyline/hub/history"
	"partyline/hub/history/jetstream"
	"partyline/hub/history/sqlite"
)

const aboutHistory = `history copies, checks and shrinks the history in the folder of a server, which --data names, or
PARTYLINE_DATA. export, import and verify also work with a history in NATS, which --nats and the
other flags of the server for NATS name, or their variables.

export and verify also work while servers use the history. import and vacuum refuse to.

Exit status:
  0  everything is done, or verify has found no problem
  1  another error, or verify has found a problem, or an interrupt
  2  a wrong flag or argument`

// newHistoryCommand returns the command with those for a stored history below it.
func newHistoryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Copy, check or shrink a stored history",
		Long:  aboutHistory,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &exitError{exitUsage, errors.New("history needs a command: export, import, verify or vacuum")}
			}
			return &exitError{exitUsage, fmt.Errorf("unknown command %q: history has export, import, verify and vacuum", args[0])}
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	cmd.SetFlagErrorFunc(usageError)
	cmd.AddCommand(newExportCommand(), newImportCommand(), newVerifyCommand(), newVacuumCommand())
	return cmd
}

// A historyPlace is where a history is.
type historyPlace struct {
	dir  string    // "" if it is in NATS
	nats natsFlags // without URLs if it is in a folder
}

// shared returns the options of a history in NATS.
func (p *historyPlace) shared() jetstream.Options { return p.nats.options(jetstream.Options{}) }

// historyTool returns a command on a history. run is given its place, which may be NATS if shared is set.
func historyTool(cmd *cobra.Command, shared bool, run func(*cobra.Command, *historyPlace) error) *cobra.Command {
	place := historyPlace{nats: defaultNATS}
	cmd.Args = func(c *cobra.Command, args []string) error { return usageError(c, cobra.NoArgs(c, args)) }
	cmd.SetFlagErrorFunc(usageError)
	f := cmd.Flags()
	folderVar(f, &place.dir, "data", "folder of the history")
	if shared {
		place.nats.addFlags(f)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := place.choose(f); err != nil {
			return &exitError{exitUsage, err}
		}
		err := run(cmd, &place)
		if errors.Is(err, context.Canceled) {
			return errors.New("interrupted; the history is complete")
		}
		return err
	}
	return cmd
}

// choose sets the flags that the environment has. A place on the command line comes before one in the environment, and
// there NATS comes before a folder, which has only the index of the server then.
func (p *historyPlace) choose(f *pflag.FlagSet) error {
	onDisk, inNATS := f.Changed("data"), f.Changed("nats")
	settings := pflag.NewFlagSet("", pflag.ContinueOnError) // those of the server
	f.VisitAll(func(flag *pflag.Flag) {
		if flag.Name == "data" || flag.Name == "history" || flag.Name == "history-age" || strings.HasPrefix(flag.Name, "nats") {
			settings.AddFlag(flag)
		}
	})
	if _, err := fromEnvironment(settings, os.LookupEnv); err != nil {
		return err
	}
	switch {
	case onDisk && inNATS:
		return errors.New("--data and --nats are both given: one history is in a folder or in NATS")
	case onDisk:
		p.nats.URLs = nil
	case len(p.nats.URLs) > 0:
		p.dir = ""
	}
	switch {
	case p.dir != "" || len(p.nats.URLs) > 0:
		return nil
	case f.Lookup("nats") != nil:
		return errors.New("--data or --nats is missing: say where the history is")
	}
	return errors.New("--data is missing: give the folder of the history")
}

const aboutVerify = `verify checks the file of the history: its pages and indexes, the order of the ids of each room,
keys without messages, the search index, and whether every message is one that the server would
accept. In NATS it checks the messages and the order of their ids. It prints each problem in one
line, and changes nothing.`

func newVerifyCommand() *cobra.Command {
	return historyTool(&cobra.Command{
		Use:   "verify {--data DIR | --nats URL}",
		Short: "Check the history for damage",
		Long:  aboutVerify,
	}, true, func(cmd *cobra.Command, place *historyPlace) error {
		problems := 0
		var failed error
		report := func(problem string) {
			problems++
			if _, err := fmt.Fprintln(cmd.OutOrStdout(), problem); err != nil && failed == nil {
				failed = err
			}
		}
		var err error
		if place.dir != "" {
			err = sqlite.Verify(cmd.Context(), place.dir, report)
		} else {
			err = jetstream.Verify(cmd.Context(), place.shared(), report)
		}
		switch {
		case err != nil || failed != nil:
			return errors.Join(err, failed)
		case problems > 0 && place.dir == "":
			return fmt.Errorf("the streams have problems (%d): servers skip the messages that are not valid, and so does export", problems)
		case problems > 0:
			return fmt.Errorf("%s has problems (%d): restore a copy, or export what can be read and import it into a new folder", place.dir, problems)
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "no problems")
		return err
	})
}

const aboutVacuum = `vacuum makes the file of the history as small as it can be. It deletes the messages that are beyond
--history and --history-age; without these flags, or their variables, it deletes none. Then it
writes a new file next to the old one, and replaces the old one, so that an error, an interrupt or
a crash leaves a complete history. The disk needs free space for the new file.`

func newVacuumCommand() *cobra.Command {
	keep := historyFlags{Messages: maxMessages}
	var flags pflag.FlagSet
	keep.addFlags(&flags)
	cmd := historyTool(&cobra.Command{
		Use:     "vacuum --data DIR",
		Short:   "Delete old messages and shrink the file",
		Long:    aboutVacuum,
		Example: "  partyline history vacuum --data /var/lib/partyline --history 100000 --history-age 2160h",
	}, false, func(cmd *cobra.Command, place *historyPlace) error {
		before, after, err := sqlite.Vacuum(cmd.Context(), place.dir, sqlite.Options{
			Retention: history.Retention{Messages: keep.Messages, Age: keep.Age},
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d bytes (%s) before, %d bytes (%s) after\n",
			before, humanize.IBytes(uint64(before)), after, humanize.IBytes(uint64(after)))
		return err
	})
	for _, name := range []string{"history", "history-age"} {
		cmd.Flags().AddFlag(flags.Lookup(name))
	}
	return cmd
}
