package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"partyline/hub/history"

	"github.com/spf13/cobra"

	"partyline/hub/history/sqlite"
)

const aboutExport = `export prints the history as lines of JSON: the messages in the order in which they were stored,
with their ids, times and keys, then the keys of deleted messages, the rooms, and a line that says
that the export is complete. docs/history.md describes the lines. import makes a history of them.

Each message has a seq, its position in the order of all rooms; ids count in each room. --since
continues after the seq of the last line of an earlier export, which export also prints at the end.

A server may use the folder. It is not disturbed, however slowly the output is read.`

const exportExamples = `  partyline history export --data /var/lib/partyline > history.jsonl
  partyline history export --data /var/lib/partyline --room ops | jq -r 'select(.text) | .from + ": " + .text'`

func newExportCommand() *cobra.Command {
	var o sqlite.ExportOptions
	cmd := historyTool(&cobra.Command{
		Use:     "export --data DIR",
		Short:   "Print the history as lines of JSON",
		Long:    aboutExport,
		Example: exportExamples,
	}, func(cmd *cobra.Command, dir string) error {
		signal.Ignore(syscall.SIGPIPE) // a write to a pipe without a reader is an error
		return exportHistory(cmd.Context(), dir, o, cmd.OutOrStdout(), cmd.ErrOrStderr())
	})
	cmd.Flags().StringVar(&o.Room, "room", "", "export only this room, without #")
	intVar(cmd.Flags(), &o.Since, "since", 0, 1<<53, "export only messages after this seq")
	return cmd
}

// exportHistory writes an export to out, which it closes if it is a file, and says to errs how to continue it.
func exportHistory(ctx context.Context, dir string, o sqlite.ExportOptions, out, errs io.Writer) error {
	w := bufio.NewWriterSize(out, 64<<10)
	var line []byte
	var messages int
	var last int64
	err := sqlite.Export(ctx, dir, o, func(r *history.Record) (err error) {
		if line, err = r.Append(line[:0]); err != nil {
			return err
		}
		switch r.Type {
		case history.RecordMessage, history.RecordAction:
			messages++
		case history.RecordEnd:
			last = r.Seq
		}
		if _, err := w.Write(line); err != nil {
			return &writeError{err}
		}
		return nil
	})
	if err == nil {
		if err = w.Flush(); err == nil {
			if f, ok := out.(*os.File); ok {
				err = f.Close() // some file systems report a full disk only here
			}
		}
		if err != nil {
			err = &writeError{err}
		}
	}
	var failed *writeError
	switch {
	case err == nil:
	case errors.As(err, &failed) && errors.Is(err, syscall.EPIPE):
		return &exitError{1, nil} // its reader has seen enough, but has not seen everything
	default:
		return err
	}
	printError(errs, "messages: %d exported; --since %d continues", messages, last)
	return nil
}

// A writeError is an error of the output of export.
type writeError struct{ err error }

func (e *writeError) Error() string { return "the export is not complete: " + e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

// maxRecord is the maximum length of a line of an export in bytes. --max-line permits a text of 16 MiB, in which
// each character may take two bytes more as JSON.
const maxRecord = 64 << 20

const aboutImport = `import adds the lines of an export, which it reads from its input, to the history in a folder. It
creates the folder if necessary. Messages keep their ids, times and keys.

Messages that the history has already are skipped, so that an import that was interrupted can be
repeated, and exports that overlap can be imported one after the other. A line that is malformed,
or contradicts the history, ends the import. The lines before it are kept.

It deletes nothing: a server deletes what is beyond its --history and --history-age when it starts
on the folder.`

func newImportCommand() *cobra.Command {
	return historyTool(&cobra.Command{
		Use:     "import --data DIR",
		Short:   "Add the lines of an export to a history",
		Long:    aboutImport,
		Example: "  partyline history import --data /var/lib/partyline < history.jsonl",
	}, func(cmd *cobra.Command, dir string) error {
		return importHistory(cmd.Context(), dir, cmd.InOrStdin(), cmd.ErrOrStderr())
	})
}

// importHistory adds the lines of in to the history in dir, and says to errs what it has done.
func importHistory(ctx context.Context, dir string, in io.Reader, errs io.Writer) error {
	i, err := sqlite.OpenImport(dir)
	if err != nil {
		return err
	}
	err = eachLine(ctx, in, maxRecord, func(n int, text string) error {
		if len(text) > maxRecord {
			return fmt.Errorf("line %d: it is longer than %s", n, formatSize(maxRecord))
		}
		r, err := history.ParseRecord([]byte(text))
		if err == nil {
			err = i.Add(r)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		return nil
	})
	if err == nil && !i.Ended() {
		err = errors.New("the input ends before the end of the export: it was cut off, or more is to be imported")
	}
	err = errors.Join(i.Close(), err)
	printError(errs, "messages: %d added, %d were there", i.Added, i.Skipped)
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted; what was added stays, and running it again continues")
	case err != nil:
		return fmt.Errorf("%w; what was added stays, and running it again continues", err)
	}
	return nil
}
