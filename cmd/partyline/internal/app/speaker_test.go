package app

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
)

// TestEachLineEnds interrupts eachLine while a line is being said: it waits for that, and says no more.
func TestEachLineEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		input, lines := io.Pipe()
		ctx, interrupt := context.WithCancel(t.Context())
		var said []string
		running := false
		ended := make(chan error, 1)
		go func() {
			ended <- eachLine(ctx, input, 100, func(_ int, text string) error {
				said = append(said, text)
				running = true
				<-ctx.Done()
				running = false
				return nil
			})
		}()
		io.WriteString(lines, "one\ntwo\n")
		synctest.Wait()
		interrupt()
		if err := <-ended; !errors.Is(err, context.Canceled) || running {
			t.Errorf("eachLine returned %v, while a line was being said: %t", err, running)
		}
		synctest.Wait()
		if want := []string{"one"}; !slices.Equal(said, want) {
			t.Errorf("said %q, want %q", said, want)
		}
	})
}
