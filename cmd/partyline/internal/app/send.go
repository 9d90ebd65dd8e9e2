package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"partyline/client"
)

const aboutSend = `send says a message, or each line of its input, and exits when the server has acknowledged it.
It prints the id of each message. If the connection breaks, it connects again, and says
nothing twice. If the server reads slowly, it waits. If the server can't store a message for
now, as its disk is full, send keeps it and those after it, and tries again.

ADDRESS is host:4000, tcp://host, tls://host, unix:/path, ws://host/ws, wss://host/ws, or the
address of the page, as in https://chat.example/.

Exit status:
  0  every message is acknowledged
  1  another error, such as one of reading the input or of printing
  2  a wrong flag or argument
  3  the server can't be reached
  4  the server refused the client or a message
  5  no acknowledgement came within --wait, or before an interrupt`

const sendExamples = `  partyline send chat.example:4000 "deploy done"
  df -h | partyline send https://chat.example/ --room ops --nick web1`

// newSendCommand returns the command that says messages.
func newSendCommand() *cobra.Command {
	var o client.Options
	var wait time.Duration
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
	cmd.SetFlagErrorFunc(usageError)
	f := cmd.Flags()
	f.SortFlags = false
	speakerFlags(f, &o, &wait)
	return cmd
}

// A sender says messages and prints their ids, in the order of the messages.
type sender struct {
	speaker
	out     io.Writer
	failed  error // of the first id that can't be printed; nil before
	results chan chan sendResult
	closed  chan struct{} // closed with the client: all results have arrived
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
	switch {
	case err != nil && ctx.Err() != nil:
		return &exitError{exitUnanswered, nil}
	case err != nil:
		return dialError(err)
	}
	s := &sender{
		speaker: speaker{c: c, errs: cmd.ErrOrStderr(), wait: wait},
		out:     cmd.OutOrStdout(),
		results: make(chan chan sendResult, 1024),
		closed:  make(chan struct{}),
	}
	var printing sync.WaitGroup
	printing.Go(s.printResults)
	printing.Go(s.printTroubles)
	if text != "" {
		err = s.post(ctx, 0, text)
	} else {
		err = eachLine(ctx, cmd.InOrStdin(), client.MaxText, func(line int, text string) error { return s.post(ctx, line, text) })
	}
	if ctx.Err() == nil {
		s.awaitAnswers(ctx)
	}
	c.Close()
	close(s.closed)
	printing.Wait()
	if err := s.result(err); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return &exitError{exitUnanswered, nil}
	}
	return s.failed
}

// post says the message of a line. Its result is printed after those of the messages before it.
func (s *sender) post(ctx context.Context, line int, text string) error {
	result := make(chan sendResult, 1)
	err := s.say(ctx, text, func(id int64, err error) { result <- sendResult{line, id, err} })
	if err != nil {
		return err
	}
	select {
	case s.results <- result:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// printResults prints the ids of messages, and the errors of those that the server refuses, until the client is
// closed.
func (s *sender) printResults() {
	for {
		select {
		case result := <-s.results:
			s.printResult(<-result)
		case <-s.closed:
			for len(s.results) > 0 {
				s.printResult(<-<-s.results)
			}
			return
		}
	}
}

func (s *sender) printResult(r sendResult) {
	switch {
	case r.err == nil:
		if _, err := fmt.Fprintln(s.out, r.id); err != nil && s.failed == nil {
			s.failed = fmt.Errorf("print ids: %w", err)
		}
	case isRefusal(r.err):
		s.printRefusal(r.line, r.err)
	}
}

// printTroubles prints why the connection broke or a message waits, each time, until the client ends.
func (s *sender) printTroubles() {
	for event := range s.c.Events(context.Background()) {
		s.printTrouble(event)
	}
}
