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
	"time"

	"partyline/hub/history"

	"github.com/spf13/cobra"

	"partyline/hub/history/jetstream"
	"partyline/hub/history/sqlite"
)

const aboutExport = `export prints the history as lines of JSON: the messages in the order in which they were stored,
with their ids, times and keys, then the keys of deleted messages, the rooms, and a line that says
that the export is complete. docs/history.md describes the lines. import makes a history of them,
in a folder or in NATS.

In a folder, each message has a seq, its position in the order of all rooms; ids count in each room.
--since continues after the seq of the last line of an earlier export, which export also prints at
the end. From NATS, the messages of a room are in order, and there is no seq.

Servers may use the history. They are not disturbed, however slowly the output is read.`

const exportExamples = `  partyline history export --data /var/lib/partyline > history.jsonl
  partyline history export --nats nats://127.0.0.1:4222 > history.jsonl
  partyline history export --data /var/lib/partyline --room ops | jq -r 'select(.text) | .from + ": " + .text'`

func newExportCommand() *cobra.Command {
	var o sqlite.ExportOptions
	cmd := historyTool(&cobra.Command{
		Use:     "export {--data DIR | --nats URL}",
		Short:   "Print the history as lines of JSON",
		Long:    aboutExport,
		Example: exportExamples,
	}, true, func(cmd *cobra.Command, place *historyPlace) error {
		if o.Since != 0 && place.dir == "" {
			return &exitError{exitUsage, errors.New("--since is for a history in a folder: give --data")}
		}
		signal.Ignore(syscall.SIGPIPE) // a write to a pipe without a reader is an error
		return exportHistory(cmd.Context(), place, o, cmd.OutOrStdout(), cmd.ErrOrStderr())
	})
	cmd.Flags().StringVar(&o.Room, "room", "", "export only this room, without #")
	intVar(cmd.Flags(), &o.Since, "since", 0, 1<<53, "export only messages after this seq")
	return cmd
}

// exportHistory writes an export to out, which it closes if it is a file, and says to errs how to continue it.
func exportHistory(ctx context.Context, place *historyPlace, o sqlite.ExportOptions, out, errs io.Writer) error {
	w := bufio.NewWriterSize(out, 64<<10)
	var line []byte
	var messages int
	var last int64
	emit := func(r *history.Record) (err error) {
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
	}
	var invalid int
	var err error
	if place.dir != "" {
		err = sqlite.Export(ctx, place.dir, o, emit)
	} else {
		invalid, err = jetstream.Export(ctx, place.shared(), o.Room, emit)
	}
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
	switch {
	case place.dir != "":
		printError(errs, "messages: %d exported; --since %d continues", messages, last)
	case invalid > 0:
		printError(errs, "messages: %d exported; %d are not valid, and left out", messages, invalid)
	default:
		printError(errs, "messages: %d exported", messages)
	}
	return nil
}

// A writeError is an error of the output of export.
type writeError struct{ err error }

func (e *writeError) Error() string { return "the export is not complete: " + e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

// maxRecord is the maximum length of a line of an export in bytes. --max-line permits a text of 16 MiB, in which
// each character may take two bytes more as JSON.
const maxRecord = 64 << 20

const aboutImport = `import adds the lines of an export, which it reads from its input, to the history in a folder, or to
NATS. It creates the folder, or the streams. Messages keep their ids, times and keys.

Messages that the history has already are skipped, so that an import that was interrupted can be
repeated, and exports that overlap can be imported one after the other. A line that is malformed,
or contradicts the history, ends the import. The lines before it are kept.

It deletes nothing: a server deletes what is beyond its --history and --history-age when it starts
on the history.

Streams that servers have used are refused. Until an import into NATS has compared all messages in
the streams with its input, servers wait for it. It keeps the keys of the last 10 minutes.`

func newImportCommand() *cobra.Command {
	return historyTool(&cobra.Command{
		Use:     "import {--data DIR | --nats URL}",
		Short:   "Add the lines of an export to a history",
		Long:    aboutImport,
		Example: importExamples,
	}, true, func(cmd *cobra.Command, place *historyPlace) error {
		return importHistory(cmd.Context(), place, cmd.InOrStdin(), cmd.ErrOrStderr())
	})
}

const importExamples = `  partyline history import --data /var/lib/partyline < history.jsonl
  partyline history export --data /var/lib/partyline | partyline history import --nats nats://127.0.0.1:4222`

// An importer adds the records of an export to a history.
type importer interface {
	Add(context.Context, *history.Record) error
	Ended() bool                  // the last record was the end of an export
	Finish(context.Context) error // after the end
	Close(context.Context) error
	Counts() (added, skipped int)
}

// A folderImport is the importer of a history in a folder.
type folderImport struct{ *sqlite.Import }

func (i folderImport) Add(_ context.Context, r *history.Record) error { return i.Import.Add(r) }
func (i folderImport) Finish(context.Context) error                   { return nil }
func (i folderImport) Close(context.Context) error                    { return i.Import.Close() }
func (i folderImport) Counts() (added, skipped int)                   { return i.Added, i.Skipped }

// openImport returns the importer of a history. The caller closes it.
func (p *historyPlace) openImport(ctx context.Context) (importer, error) {
	if p.dir == "" {
		return jetstream.OpenImport(ctx, p.shared())
	}
	i, err := sqlite.OpenImport(p.dir)
	return folderImport{i}, err
}

// closeTime bounds the wait for the messages of an import that ends early.
const closeTime = 10 * time.Second

// importHistory adds the lines of in to a history, and says to errs what it has done.
func importHistory(ctx context.Context, place *historyPlace, in io.Reader, errs io.Writer) error {
	i, err := place.openImport(ctx)
	if err != nil {
		return err
	}
	err = eachLine(ctx, in, maxRecord, func(n int, text string) error {
		if len(text) > maxRecord {
			return fmt.Errorf("line %d: it is longer than %s", n, formatSize(maxRecord))
		}
		r, err := history.ParseRecord([]byte(text))
		if err == nil {
			err = i.Add(ctx, r)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if r.Open && place.dir == "" { // a server on a folder would report a gap
			printError(errs, "the history was in use during the export, or was after a crash: what was said since then is not imported")
		}
		return nil
	})
	switch {
	case err == nil && i.Ended():
		err = i.Finish(ctx)
	case err == nil:
		err = errors.New("the input ends before the end of the export: it was cut off, or more is to be imported")
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	err = errors.Join(i.Close(closing), err)
	added, skipped := i.Counts()
	printError(errs, "messages: %d added, %d were there", added, skipped)
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted; what was added stays, and running it again continues")
	case err != nil:
		return fmt.Errorf("%w; what was added stays, and running it again continues", err)
	}
	return nil
}
