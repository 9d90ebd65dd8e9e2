package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	// logLines is how many lines the queue holds while the log can't be written.
	logLines = 4096
	// logFlushTimeout bounds the wait for the last lines when the program exits.
	logFlushTimeout = time.Second
)

// The values of --log-format.
const (
	logAuto = "auto" // short lines on a terminal, and otherwise text
	logText = "text"
	logJSON = "json"
)

// A programLog is the log of the program. Logging never blocks: while the log can't be written, lines are
// lost. When it can be written again, it says how many were lost.
type programLog struct {
	*slog.Logger
	queue *logQueue
	short bool // on a terminal
}

// newLog returns a log that is written to w. format is a value of --log-format.
func newLog(w io.Writer, level slog.Leveler, format string) (*programLog, error) {
	options := &slog.HandlerOptions{Level: level}
	handler := func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, options) }
	short := format == logAuto && isTerminal(w)
	switch {
	case short:
		noColor := withoutColor()
		handler = func(w io.Writer) slog.Handler { return newShortHandler(w, level, noColor) }
	case format == logJSON:
		handler = func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, options) }
	case format != logAuto && format != logText:
		return nil, fmt.Errorf("unknown log format %q", format)
	}
	q := &logQueue{lines: make(chan []byte, logLines), written: make(chan struct{})}
	go q.write(w, slog.New(handler(w)))
	return &programLog{slog.New(handler(q)), q, short}, nil
}

// logLevel returns the level of a value of --log-level.
func logLevel(s string) (l slog.Level) {
	l.UnmarshalText([]byte(s)) // the flag has checked it
	return l
}

// terminal returns a writer of lines between those of the log, or nil if it is on no terminal, or does not
// inform.
func (l *programLog) terminal() io.Writer {
	if l.short && l.Enabled(context.Background(), slog.LevelInfo) {
		return l.queue
	}
	return nil
}

// close flushes and closes the log.
func (l *programLog) close() { l.queue.close() }

// A logQueue accepts lines without blocking. A goroutine writes them.
type logQueue struct {
	lines   chan []byte
	lost    atomic.Int64
	written chan struct{} // closed after the last line
}

// Write queues one line, as a slog.Handler writes it, or several. It never fails and never blocks.
func (q *logQueue) Write(line []byte) (int, error) {
	select {
	case q.lines <- bytes.Clone(line):
	default:
		q.lost.Add(1)
	}
	return len(line), nil
}

// write writes the queued lines to w until it receives nil. log writes to w too.
func (q *logQueue) write(w io.Writer, log *slog.Logger) {
	defer close(q.written)
	for line := range q.lines {
		if line == nil {
			return
		}
		if _, err := w.Write(line); err != nil {
			q.lost.Add(1)
			continue
		}
		if n := q.lost.Swap(0); n > 0 {
			log.Warn("log lines lost", "lines", n)
		}
	}
}

// close stops the goroutine and waits for it to write the queued lines, for at most
// logFlushTimeout.
func (q *logQueue) close() {
	timeout := time.NewTimer(logFlushTimeout)
	defer timeout.Stop()
	select {
	case q.lines <- nil:
	case <-timeout.C:
		return
	}
	select {
	case <-q.written:
	case <-timeout.C:
	}
}
