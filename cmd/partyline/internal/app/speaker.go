package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"partyline/client"
)

// A speaker says messages and counts the answers.
type speaker struct {
	c    *client.Client
	errs io.Writer
	wait time.Duration // for the next answer, when nothing more is said

	said, acknowledged, refused atomic.Int64 // messages

	held atomic.Pointer[client.Error] // why the server has not taken the messages since the last that it took; nil if it has
}

// speakerFlags adds the flags that send and talk share.
func speakerFlags(f *pflag.FlagSet, o *client.Options, wait *time.Duration) {
	f.StringVar(&o.Nick, "nick", "", "name in the room; without it a guest's name")
	f.StringVar(&o.Room, "room", "", "room, without #; without it the lobby")
	*wait = 30 * time.Second
	durationVar(f, wait, "wait", 0, "maximum time to wait for the next acknowledgement, after the last line")
}

// unanswered returns how many messages are neither acknowledged nor refused.
func (s *speaker) unanswered() int64 {
	return s.said.Load() - s.acknowledged.Load() - s.refused.Load()
}

// say says a message. It waits while many have no answer yet. done is called as client.Post calls it, or before say
// returns.
func (s *speaker) say(ctx context.Context, text string, done func(id int64, err error)) error {
	s.said.Add(1)
	answered := func(id int64, err error) {
		switch {
		case err == nil:
			s.acknowledged.Add(1)
			s.held.Store(nil)
		case isRefusal(err):
			s.refused.Add(1)
		}
		done(id, err)
	}
	err := s.c.Post(ctx, text, answered)
	if isRefusal(err) { // the client does not send it
		answered(0, err)
		return nil
	}
	return err
}

// isRefusal reports whether a message is refused, which sending it again does not change.
func isRefusal(err error) bool {
	var refusal *client.Error
	return errors.As(err, &refusal)
}

// awaitAnswers waits until all messages are answered, or no answer comes for a time.
func (s *speaker) awaitAnswers(ctx context.Context) {
	for {
		before := s.unanswered()
		limited, cancel := context.WithTimeout(ctx, s.wait)
		err := s.c.Flush(limited)
		cancel()
		if err == nil || ctx.Err() != nil || s.unanswered() == before {
			return
		}
	}
}

// printRefusal prints why the server refused the message of a line of the input. Line 0 is the command line.
func (s *speaker) printRefusal(line int, err error) {
	if line == 0 {
		printError(s.errs, "%v", err)
		return
	}
	printError(s.errs, "line %d: %v", line, err)
}

// printTrouble prints an event that says that the connection broke, or that the server has refused something.
func (s *speaker) printTrouble(event client.Event) {
	if why := client.Held(event); why != nil {
		s.held.Store(why)
		printError(s.errs, "%v; partyline tries again by itself", why)
		return
	}
	switch e := event.(type) {
	case *client.Disconnected:
		printError(s.errs, "%v; next attempt in %v", e.Err, e.Retry.Round(100*time.Millisecond))
	case *client.Error:
		printError(s.errs, "%v", e)
	}
}

// result returns the error for the exit status of the command, after the client is closed. err is why the input
// ended early, or nil.
func (s *speaker) result(err error) error {
	unanswered := s.unanswered()
	if why := s.held.Load(); unanswered > 0 && why != nil {
		printError(s.errs, "not acknowledged: %d (%v)", unanswered, why)
	} else if unanswered > 0 {
		printError(s.errs, "not acknowledged: %d", unanswered)
	}
	var bye *client.ByeError
	switch {
	case errors.As(s.c.Err(), &bye):
		return &exitError{exitRefused, bye}
	case s.refused.Load() > 0:
		return &exitError{exitRefused, nil}
	case unanswered > 0:
		return &exitError{exitUnanswered, nil}
	case errors.Is(err, context.Canceled), errors.Is(err, client.ErrClosed):
		return nil
	}
	return err
}

// eachLine calls say with each line of an input that is not blank, without its ending, and with its number from
// 1. Of a line that is longer than limit bytes, it reads more than limit bytes, but not all. It returns at the end of the input, after the first error of say or of the input, or when ctx is done. Then
// say does not run, and is not called again; when ctx is done, say should return.
func eachLine(ctx context.Context, input io.Reader, limit int, say func(line int, text string) error) error {
	var saying sync.Mutex
	ended := make(chan error, 1)
	go func() { // a read can't be interrupted: at worst it ends with the process
		ended <- readLines(input, limit, func(line int, text string) error {
			saying.Lock()
			defer saying.Unlock()
			if err := ctx.Err(); err != nil {
				return err
			}
			return say(line, text)
		})
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		saying.Lock()
		defer saying.Unlock()
		return ctx.Err()
	}
}

func readLines(input io.Reader, limit int, say func(line int, text string) error) error {
	in := bufio.NewReaderSize(input, 64<<10)
	for n := 1; ; n++ {
		text, err := readLine(in, limit)
		if text = strings.TrimRight(text, "\r\n"); strings.TrimSpace(text) != "" {
			if err := say(n, text); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
}

// readLine returns the next line with its ending. It returns the start of a line that is longer than limit.
func readLine(in *bufio.Reader, limit int) (string, error) {
	part, err := in.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return string(part), err
	}
	line := []byte(string(part))
	for err == bufio.ErrBufferFull {
		part, err = in.ReadSlice('\n')
		line = append(line, part[:min(len(part), max(limit+1-len(line), 0))]...)
	}
	return string(line), err
}
