package app

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"partyline/client"
)

// A pipe is a talk without a screen.
type pipe struct {
	speaker
	printer
	interrupted context.Context
	ownLast     atomic.Int64 // the id of the last message that was acknowledged
	refusals    chan refusal // has room for the answers to all messages that are in flight
}

// A refusal is why the server refused the message of a line.
type refusal struct {
	line int
	err  error
}

// clientGCPercent lets the heap, of which little is in use, grow to some 20 MB between two collections.
const clientGCPercent = 400

// inPipe says the lines of the input and prints the events of the room.
func (t *talk) inPipe(cmd *cobra.Command, address string) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(clientGCPercent)
	}
	interrupted, output := cmd.Context(), cmd.OutOrStdout()
	c, err := t.dial(interrupted, address)
	if err != nil && interrupted.Err() != nil {
		return nil // nothing was said
	} else if err != nil {
		return err
	}
	p := &pipe{
		speaker:     speaker{c: c, errs: cmd.ErrOrStderr(), wait: t.wait},
		printer:     printer{out: output, json: t.json, bookmark: t.bookmark(c)},
		interrupted: interrupted,
		refusals:    make(chan refusal, 2*client.MaxPending),
	}
	if isBare(address) {
		printError(p.errs, "connected to %s", c.Address())
	}
	// listening ends when nothing more is said: at an interrupt, when nobody reads the output, or when the
	// client has ended.
	listening, end := context.WithCancel(interrupted)
	defer end()
	defer watchReader(output, end)()
	var refusing sync.WaitGroup
	refusing.Go(p.printRefusals)
	waiting, finish := context.WithCancel(context.Background())
	defer finish()
	printed := p.start(waiting, end)

	err = p.sayInput(listening, cmd.InOrStdin())
	p.awaitAnswers(interrupted)
	finish()
	failed := p.await(printed)
	c.Close()
	if failed == nil && interrupted.Err() == nil {
		failed = p.await(p.start(context.Background(), end)) // what arrived until the client left
	}
	close(p.refusals)
	refusing.Wait()
	if failed != nil && !errors.Is(failed, errUnread) {
		return failed
	}
	return p.result(err)
}

// sayInput says the lines of the input until ctx is done.
func (p *pipe) sayInput(ctx context.Context, input io.Reader) error {
	if isDevice(input) {
		<-ctx.Done()
		return nil
	}
	return eachLine(ctx, input, client.MaxText, func(line int, text string) error {
		for len(p.refusals) >= client.MaxPending { // the goroutine that prints them is slow
			select {
			case r := <-p.refusals:
				p.printRefusal(r.line, r.err)
			default:
			}
		}
		return p.say(ctx, text, func(id int64, err error) {
			switch {
			case err == nil:
				p.ownLast.Store(id)
			case isRefusal(err):
				p.refusals <- refusal{line, err}
			}
		})
	})
}

func (p *pipe) printRefusals() {
	for r := range p.refusals {
		p.printRefusal(r.line, r.err)
	}
}

// start prints events in a goroutine until the client has ended, the output fails, or ctx is done and no event is
// left, also none of the messages that were acknowledged. Then it calls end. The channel gets the error of the
// output, or nil.
func (p *pipe) start(ctx context.Context, end func()) <-chan error {
	result := make(chan error, 1)
	go func() {
		result <- p.printEvents(ctx)
		end()
	}()
	return result
}

// await returns the result of start. After an interrupt it waits a moment only: the output may be blocked.
func (p *pipe) await(printed <-chan error) error {
	const moment = 500 * time.Millisecond
	select {
	case err := <-printed:
		return err
	case <-p.interrupted.Done():
	}
	select {
	case err := <-printed:
		return err
	case <-time.After(moment):
		return nil
	}
}

// printEvents prints events, as start describes it.
func (p *pipe) printEvents(ctx context.Context) error {
	defer p.bookmark.save()
	var events []client.Event
	for {
		var err error
		events, err = p.c.NextAll(ctx, events[:0])
		if ctx.Err() != nil && err != nil && p.last < p.ownLast.Load() {
			events, err = p.nextOwn(events[:0])
		}
		if err != nil {
			return nil
		}
		for _, e := range events {
			if err := p.print(e); err != nil {
				return err
			}
		}
		if err := p.flush(); err != nil {
			return err
		}
	}
}

// nextOwn waits for more events, because acknowledged messages are still to come.
func (p *pipe) nextOwn(events []client.Event) ([]client.Event, error) {
	limited, cancel := context.WithTimeout(p.interrupted, p.wait)
	defer cancel()
	return p.c.NextAll(limited, events)
}

// print prints an event with the next flush, or as an error.
func (p *pipe) print(e client.Event) error {
	switch e := e.(type) {
	case *client.Disconnected, *client.Error:
		p.printTrouble(e)
	case *client.Gap:
		return p.fill(e)
	default:
		return p.add(e)
	}
	return nil
}

// fill prints the messages of a gap that the history has, or the gap.
func (p *pipe) fill(gap *client.Gap) error {
	if gap.Lost {
		p.ownLast.Store(0) // they may be lost, too
	}
	if gap.Lost || gap.Missed == 0 {
		return p.add(gap)
	}
	after := gap.After
	for m, err := range p.c.Missed(p.interrupted, gap) {
		if err != nil {
			return p.add(&client.Gap{After: after, Before: gap.Before, Missed: -1})
		}
		if err := p.add(m); err != nil {
			return err
		}
		after = m.ID
	}
	return nil
}

// isDevice reports whether f is a device that is no terminal, such as /dev/null.
func isDevice(f io.Reader) bool {
	file, ok := f.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && !isTerminal(file)
}
