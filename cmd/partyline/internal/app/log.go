package app

import (
	"bytes"
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

// newLogger returns a logger and a function that flushes and closes it. Logging never blocks:
// while w blocks or fails, lines are lost. When w accepts lines again, the log says how many
// were lost. format is a value of --log-format.
func newLogger(w io.Writer, level slog.Leveler, format string) (log *slog.Logger, closeLog func(), err error) {
	options := &slog.HandlerOptions{Level: level}
	handler := func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, options) }
	switch format {
	case "text":
	case "json":
		handler = func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, options) }
	default:
		return nil, nil, fmt.Errorf("unknown log format %q", format)
	}
	q := &logQueue{lines: make(chan []byte, logLines), written: make(chan struct{})}
	go q.write(w, slog.New(handler(w)))
	return slog.New(handler(q)), q.close, nil
}

// logLevel returns the level of a value of --log-level.
func logLevel(s string) (l slog.Level) {
	l.UnmarshalText([]byte(s)) // the flag has checked it
	return l
}

// A logQueue accepts lines without blocking. A goroutine writes them.
type logQueue struct {
	lines   chan []byte
	lost    atomic.Int64
	written chan struct{} // closed after the last line
}

// Write queues one line, as a slog.Handler writes it. It never fails and never blocks.
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
