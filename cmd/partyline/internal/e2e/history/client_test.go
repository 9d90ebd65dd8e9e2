package history

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"partyline/client"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestClientAcrossKills kills the program three times while a client of package client says lines. In the
// end the history has every line once, in the order in which they were said, and the client has received
// them in the same way.
func TestClientAcrossKills(t *testing.T) {
	harness.SkipIfShort(t)
	const lines, kills = int64(20_000), 3
	for _, transport := range []string{"tcp", "ws"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			args := []string{"--data", t.TempDir(), "--history", "10000000", "--rate", "0"}
			p := harness.StartProgram(t, args...)
			address := map[string]string{"tcp": "tcp://" + p.TCP, "ws": "ws://" + p.HTTP}[transport]
			args = append(args, "--tcp", p.TCP, "--http", p.HTTP)
			ctx, cancel := context.WithTimeout(t.Context(), 4*harness.Patience)
			defer cancel()
			c, err := client.Dial(ctx, address, client.Options{Nick: "alice"})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()

			var acks atomic.Int64
			said := make(chan error, 1)
			go func() {
				for i := range lines {
					err := c.Post(ctx, fmt.Sprint("line ", i), func(_ int64, err error) {
						if err != nil {
							t.Errorf("line %d: %v", i, err)
						}
						acks.Add(1)
					})
					if err != nil {
						said <- err
						return
					}
				}
				said <- c.Flush(ctx)
			}()
			received := make(chan int64, 1)
			go func() {
				n := int64(0)
				defer func() { received <- n }()
				for e := range c.Events(ctx) {
					switch e := e.(type) {
					case *client.Message:
						if want := fmt.Sprint("line ", n); e.Text != want {
							t.Errorf("received %q, want %q", e.Text, want)
							return
						}
						if n++; n == lines {
							return
						}
					case *client.Gap:
						t.Errorf("received the gap %+v", e)
					}
				}
			}()
			for i := range kills {
				enough := lines * int64(i+1) / (kills + 1)
				if !harness.Eventually(func() bool { return acks.Load() >= enough }) {
					t.Fatalf("%d acks of %d arrived; the program logged\n%s", acks.Load(), enough, p.Err)
				}
				p.Kill(t)
				p = harness.StartProgram(t, args...)
			}
			if err := <-said; err != nil {
				t.Error(err)
			}
			if n := <-received; n != lines {
				t.Errorf("received %d lines of %d", n, lines)
			}
			p.Stop(t)
			log := onDisk(t, args[1], "lobby")
			if int64(len(log)) != lines {
				t.Errorf("the history has %d lines of %d", len(log), lines)
			}
			for i, m := range log {
				if want := fmt.Sprint("line ", i); m.Text != want {
					t.Fatalf("line %d of the history is %q", i, m.Text)
				}
			}
		})
	}
}
