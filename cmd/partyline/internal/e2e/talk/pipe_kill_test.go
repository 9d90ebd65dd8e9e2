//go:build unix

package talk

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"partyline/client"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestPipeAcrossKills kills the server three times, at random moments, while talk says lines. In the end the
// history has every line once and in order, and talk has printed them so.
func TestPipeAcrossKills(t *testing.T) {
	harness.SkipIfShort(t)
	const kills = 3
	lines := 100_000
	if harness.RaceEnabled {
		lines = 20_000
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	args := []string{"--data", t.TempDir(), "--history", "10000000", "--rate", "0"}
	server := harness.StartProgram(t, args...)
	args = append(args, "--tcp", server.TCP, "--http", server.HTTP)

	p := startTalk(t, server.TCP, "--nick", "web1")
	go func() {
		out := bufio.NewWriter(p.Stdin)
		for i := range lines {
			fmt.Fprintf(out, "line %d\n", i)
		}
		out.Flush()
		p.Stdin.Close()
	}()
	printed := 0
	for i := range kills {
		for enough := lines*i/kills + rnd.IntN(lines/kills); printed < enough; {
			printed = min(printed+1000, enough)
			harness.ExpectLine(t, p.Out, fmt.Sprint("web1: line ", printed))
		}
		time.Sleep(time.Duration(rnd.IntN(5000)) * time.Microsecond) // a random moment
		server.Kill(t)
		server = harness.StartProgram(t, args...)
	}
	if code := p.ExitCode(t, 10*harness.Patience); code != 0 {
		t.Errorf("exit status %d: %s", code, p.Err)
	}
	n := 0
	for _, line := range p.Out.All() {
		if line == fmt.Sprint("web1: line ", n) {
			n++
		} else if line[0] != '*' {
			t.Fatalf("it printed %q instead of line %d", line, n)
		}
	}
	if n != lines {
		t.Errorf("it printed %d lines of %d", n, lines)
	}
	if n := checkHistory(t, server.TCP); n != lines {
		t.Errorf("the history has %d lines of %d", n, lines)
	}
}

// checkHistory checks that the history of the lobby has "line 0", "line 1", and so on, in order. It returns their
// number.
func checkHistory(t *testing.T, address string) (n int) {
	t.Helper()
	c, err := client.Dial(t.Context(), address, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for after, more := int64(0), true; more; {
		var page []*client.Message
		ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
		page, more, err = c.Since(ctx, after, 1000)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page {
			if want := fmt.Sprint("line ", n); m.Text != want {
				t.Fatalf("the history has %q, want %q", m.Text, want)
			}
			after = m.ID
			n++
		}
	}
	return n
}
