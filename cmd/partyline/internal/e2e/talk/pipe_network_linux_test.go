package talk

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/hub/hubtest"
)

// TestLostNetwork says lines while the network is lost twice: for 3 s, and until talk notices it. Another member
// gets each line once and in order, and does not see that talk was away.
func TestLostNetwork(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	near, far := hubtest.Namespaces(t)
	l := app.Listeners{TCP: near.Listen(t), HTTP: near.Listen(t)}
	c := app.DefaultConfig()
	c.Limits.Rate = 0
	ctx, stop := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := app.Serve(ctx, c, l, slog.New(slog.DiscardHandler)); err != nil {
			t.Error(err)
		}
	})
	defer ended.Wait()
	defer stop()
	address := l.TCP.Addr().String()
	other := near.Dial(t, address, 0)
	defer other.Close()
	in := bufio.NewReader(other)
	if _, err := in.ReadString('\n'); err != nil { // the welcome
		t.Fatal(err)
	}

	cmd := talkCommand(t, address, "--nick", "web1")
	far.Command(t, cmd)
	p := harness.StartCommand(t, cmd)
	end := make(chan struct{})
	said := make(chan int, 1)
	go func() {
		n := 0
		for tick := time.NewTicker(100 * time.Millisecond); ; n++ {
			select {
			case <-tick.C:
				fmt.Fprintln(p.Stdin, "line", n)
			case <-end:
				p.Stdin.Close()
				said <- n
				return
			}
		}
	}()
	harness.ExpectLine(t, p.Out, "web1: line 10")
	far.Cut(t)
	time.Sleep(3 * time.Second)
	far.Restore(t)
	harness.ExpectLine(t, p.Out, "web1: line 50")
	far.Cut(t)
	noticed := func() bool { return strings.Contains(p.Err.String(), "nothing arrived for too long") }
	for i := 0; i < 3 && !harness.Eventually(noticed); i++ { // it takes 20 to 45 s
	}
	far.Restore(t)
	harness.ExpectLine(t, p.Out, `\* You are web1 .*`)
	close(end)
	if code := p.ExitCode(t, 2*harness.Patience); code != 0 {
		t.Errorf("exit status %d: %s", code, p.Err)
	}
	lines := <-said
	other.SetReadDeadline(time.Now().Add(harness.Patience))
	received := []string{}
	for {
		line, err := in.ReadString('\n')
		if received = append(received, strings.TrimSuffix(line, "\n")); err != nil || line == "* web1 has left\n" {
			if err != nil && err != io.EOF {
				t.Error(err)
			}
			break
		}
	}
	want := []string{"* web1 has arrived"}
	for n := range lines {
		want = append(want, fmt.Sprint("web1: line ", n))
	}
	want = append(want, "* web1 has left")
	if got := strings.Join(received, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("of %d lines the other member received\n%s", lines, got)
	}
}
