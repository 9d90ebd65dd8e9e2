package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	// logLines is how many lines wait while the log can't be written.
	logLines = 4096
	// logFlush bounds the wait for the last of them when the program ends.
	logFlush = time.Second
)

// newLogger returns a logger and what ends it: that waits until the log is written, but
// not for long. Whoever logs never waits for w: where it is full or broken, lines are
// lost, and their number is told when it takes some again.
func newLogger(w io.Writer, level, format string) (log *slog.Logger, end func(), err error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, nil, fmt.Errorf("--log-level is debug, info, warn or error, not %q", level)
	}
	options := &slog.HandlerOptions{Level: l}
	handler := func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, options) }
	switch format {
	case "text":
	case "json":
		handler = func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, options) }
	default:
		return nil, nil, fmt.Errorf("--log-format is text or json, not %q", format)
	}
	q := &logQueue{lines: make(chan []byte, logLines), written: make(chan struct{})}
	go q.write(w, slog.New(handler(w)))
	return slog.New(handler(q)), q.end, nil
}

// A logQueue takes lines without waiting, and writes them when they can be written.
type logQueue struct {
	lines   chan []byte
	lost    atomic.Int64
	written chan struct{} // closed when all is
}

// Write takes one line, as a slog.Handler writes it. It never fails and never waits.
func (q *logQueue) Write(line []byte) (int, error) {
	select {
	case q.lines <- bytes.Clone(line):
	default:
		q.lost.Add(1)
	}
	return len(line), nil
}

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
			log.Warn("the log could not be written", "lines lost", n)
		}
	}
}

// end waits until the lines so far are written, but for no longer than logFlush.
func (q *logQueue) end() {
	late := time.NewTimer(logFlush)
	defer late.Stop()
	select {
	case q.lines <- nil:
	case <-late.C:
		return
	}
	select {
	case <-q.written:
	case <-late.C:
	}
}
