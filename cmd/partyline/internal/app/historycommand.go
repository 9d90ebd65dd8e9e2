package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"partyline/hub/history"
	"partyline/hub/history/sqlite"
)

const aboutHistory = `history copies, checks and shrinks the history in the folder of a server, which --data names, or
PARTYLINE_DATA.

export and verify also work while a server uses the folder. import and vacuum refuse to.

Exit status:
  0  everything is done, or verify has found no problem
  1  another error, or verify has found a problem, or an interrupt
  2  a wrong flag or argument`

// newHistoryCommand returns the command with those for the history on disk below it.
func newHistoryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Copy, check or shrink the history on disk",
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

// historyTool returns a command on the history in a folder. run is given the folder.
func historyTool(cmd *cobra.Command, run func(cmd *cobra.Command, dir string) error) *cobra.Command {
	var dir string
	cmd.Args = func(c *cobra.Command, args []string) error { return usageError(c, cobra.NoArgs(c, args)) }
	cmd.SetFlagErrorFunc(usageError)
	f := cmd.Flags()
	folderVar(f, &dir, "data", "folder of the history")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		settings := pflag.NewFlagSet("", pflag.ContinueOnError) // those of the server that the environment sets
		for _, name := range []string{"data", "history", "history-age"} {
			if flag := f.Lookup(name); flag != nil {
				settings.AddFlag(flag)
			}
		}
		if _, err := fromEnvironment(settings, os.LookupEnv); err != nil {
			return &exitError{exitUsage, err}
		}
		if dir == "" {
			return &exitError{exitUsage, errors.New("--data is missing: give the folder of the history")}
		}
		err := run(cmd, dir)
		if errors.Is(err, context.Canceled) {
			return errors.New("interrupted; the history is complete")
		}
		return err
	}
	return cmd
}

const aboutVerify = `verify checks the file of the history: its pages and indexes, the order of the ids of each room,
keys without messages, the search index, and whether every message is one that the server would
accept. It prints each problem in one line, and changes nothing.`

func newVerifyCommand() *cobra.Command {
	return historyTool(&cobra.Command{
		Use:   "verify --data DIR",
		Short: "Check the history for damage",
		Long:  aboutVerify,
	}, func(cmd *cobra.Command, dir string) error {
		problems := 0
		var failed error
		err := sqlite.Verify(cmd.Context(), dir, func(problem string) {
			problems++
			if _, err := fmt.Fprintln(cmd.OutOrStdout(), problem); err != nil && failed == nil {
				failed = err
			}
		})
		switch {
		case err != nil || failed != nil:
			return errors.Join(err, failed)
		case problems > 0:
			return fmt.Errorf("%s has problems (%d): restore a copy, or export what can be read and import it into a new folder", dir, problems)
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
	}, func(cmd *cobra.Command, dir string) error {
		before, after, err := sqlite.Vacuum(cmd.Context(), dir, sqlite.Options{
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
