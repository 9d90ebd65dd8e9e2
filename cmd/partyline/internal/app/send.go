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

	"github.com/spf13/cobra"

	"partyline/client"
)

const aboutSend = `send says a message, or each line of its input, and exits when the server has acknowledged it.
It prints the id of each message. If the connection breaks, it connects again, and says
nothing twice. If the server reads slowly, it waits.

ADDRESS is host:4000, tcp://host, tls://host, unix:/path, ws://host/ws, wss://host/ws, or the
address of the page, as in https://chat.example/.

Exit status:
  0  every message is acknowledged
  1  another error, such as one of reading the input
  2  a wrong flag or argument
  3  the server can't be reached
  4  the server refused the client or a message
  5  no acknowledgement came within --wait, or before an interrupt`

const sendExamples = `  partyline send chat.example:4000 "deploy done"
  df -h | partyline send https://chat.example/ --room ops --nick web1`

// The exit statuses of send.
const (
	exitUsage       = 2
	exitUnreachable = 3
	exitRefused     = 4
	exitUnanswered  = 5
)

// An exitError is an error with an exit status. If err is nil, everything has been said about it.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprint("exit status ", e.status)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// newSendCommand returns the command that says messages.
func newSendCommand() *cobra.Command {
	var o client.Options
	wait := 30 * time.Second
	cmd := &cobra.Command{
		Use:     "send ADDRESS [TEXT...]",
		Short:   "Say a message, or each line of the input",
		Long:    aboutSend,
		Example: sendExamples,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &exitError{exitUsage, errors.New("send needs an address, as in: partyline send host:4000 TEXT")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return send(cmd, args[0], strings.Join(args[1:], " "), o, wait)
		},
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if err = flagError(cmd, err); err != nil {
			err = &exitError{exitUsage, err}
		}
		return err
	})
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.Nick, "nick", "", "name in the room; without it a guest's name")
	f.StringVar(&o.Room, "room", "", "room, without #; without it the lobby")
	durationVar(f, &wait, "wait", 0, "maximum time to wait for the next acknowledgement, after the last line")
	return cmd
}

// A sender says messages and prints their ids, in order.
type sender struct {
	c                   *client.Client
	out, errs           io.Writer
	results             chan chan sendResult
	answers             atomic.Int64
	refused, unanswered int // messages
}

// A sendResult is the answer to a message.
type sendResult struct {
	line int // its number in the input, from 1; 0 if the command line has the message
	id   int64
	err  error
}

// send says a text, or if it is empty each line of the input that is not blank.
func send(cmd *cobra.Command, address, text string, o client.Options, wait time.Duration) error {
	ctx := cmd.Context()
	c, err := client.Dial(ctx, address, o)
	if err != nil {
		return dialError(err)
	}
	s := &sender{c: c, out: cmd.OutOrStdout(), errs: cmd.ErrOrStderr(), results: make(chan chan sendResult, 1024)}
	var printing sync.WaitGroup
	printing.Go(s.printResults)
	printing.Go(s.printDisconnects)
	if text != "" {
		err = s.say(ctx, 0, text)
	} else {
		err = s.sayLines(ctx, cmd.InOrStdin())
	}
	if err == nil {
		s.awaitAnswers(ctx, wait)
	}
	close(s.results)
	c.Close()
	printing.Wait()
	switch {
	case err != nil && ctx.Err() == nil:
		return err
	case s.unanswered > 0:
		fmt.Fprintf(s.errs, "partyline: not acknowledged: %d\n", s.unanswered)
	}
	switch {
	case s.refused > 0:
		return &exitError{exitRefused, nil}
	case s.unanswered > 0 || ctx.Err() != nil:
		return &exitError{exitUnanswered, nil}
	}
	return nil
}

// awaitAnswers waits until all messages are answered, or no answer comes for a time.
func (s *sender) awaitAnswers(ctx context.Context, wait time.Duration) {
	for {
		before := s.answers.Load()
		limited, cancel := context.WithTimeout(ctx, wait)
		err := s.c.Flush(limited)
		cancel()
		if err == nil || ctx.Err() != nil || s.answers.Load() == before {
			return
		}
	}
}

// say says a message. It waits while many have no answer yet.
func (s *sender) say(ctx context.Context, line int, text string) error {
	result := make(chan sendResult, 1)
	err := s.c.Post(ctx, text, func(id int64, err error) {
		s.answers.Add(1)
		result <- sendResult{line, id, err}
	})
	if err == nil {
		s.results <- result
	}
	return err
}

// sayLines says the lines of an input, as fast as the server takes them.
func (s *sender) sayLines(ctx context.Context, lines io.Reader) error {
	type input struct {
		line string
		err  error
	}
	inputs := make(chan input)
	go func() { // a read can't be interrupted: at worst it ends with the process
		in := bufio.NewReader(lines)
		for {
			line, err := in.ReadString('\n')
			select {
			case inputs <- input{line, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for n := 1; ; n++ {
		var in input
		select {
		case in = <-inputs:
		case <-ctx.Done():
			return ctx.Err()
		}
		if text := strings.TrimRight(in.line, "\r\n"); strings.TrimSpace(text) != "" {
			if err := s.say(ctx, n, text); err != nil {
				return err
			}
		}
		if in.err == io.EOF {
			return nil
		} else if in.err != nil {
			return in.err
		}
	}
}

// printResults prints the ids of messages, and the errors of those that the server refuses.
func (s *sender) printResults() {
	for result := range s.results {
		switch r := <-result; {
		case r.err == nil:
			fmt.Fprintln(s.out, r.id)
		case errors.Is(r.err, client.ErrClosed):
			s.unanswered++
		case r.line == 0:
			s.refused++
			fmt.Fprintf(s.errs, "partyline: %v\n", r.err)
		default:
			s.refused++
			fmt.Fprintf(s.errs, "partyline: line %d: %v\n", r.line, r.err)
		}
	}
}

// printDisconnects prints why the connection broke, each time, until the client ends.
func (s *sender) printDisconnects() {
	for event := range s.c.Events(context.Background()) {
		if e, ok := event.(*client.Disconnected); ok {
			fmt.Fprintf(s.errs, "partyline: %v; next attempt in %v\n", e.Err, e.Retry.Round(100*time.Millisecond))
		}
	}
}

// dialError returns the error of a connection with its exit status.
func dialError(err error) error {
	var d *client.DialError
	switch {
	case !errors.As(err, &d):
		return &exitError{exitUsage, err}
	case d.Refused:
		return &exitError{exitRefused, err}
	}
	return &exitError{exitUnreachable, err}
}
