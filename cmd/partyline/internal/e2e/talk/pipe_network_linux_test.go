package talk

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
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
	s := harness.ServeOn(t, harness.ConfigAt("", ""), app.Listeners{TCP: near.Listen(t)})
	other := harness.ReadText(near.Dial(t, s.TCP, 0).(*net.TCPConn))
	harness.ExpectLine(t, other.Out, harness.WelcomeLine)

	cmd := talkCommand(t, s.TCP, "--nick", "web1")
	far.Command(t, cmd)
	p := harness.StartCommand(t, cmd)
	stop := sayLines(p.Stdin)
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
	want := []string{"* web1 has arrived"}
	for n := range stop() {
		want = append(want, fmt.Sprint("web1: line ", n))
	}
	if code := p.ExitCode(t, 2*harness.Patience); code != 0 {
		t.Errorf("exit status %d: %s", code, p.Err)
	}
	harness.ExpectLine(t, other.Out, `\* web1 has left`)
	want = append(want, "* web1 has left")
	got := other.Out.All()[1:] // without the welcome
	if !slices.Equal(got, want) {
		t.Errorf("of %d lines the other member received\n%s", len(want)-2, strings.Join(got, "\n"))
	}
}

// sayLines writes a line ten times a second, until stop, which closes w and returns how many lines there are.
func sayLines(w io.WriteCloser) (stop func() int) {
	end, said := make(chan struct{}), make(chan int)
	go func() {
		clock := time.NewTicker(100 * time.Millisecond)
		defer clock.Stop()
		for n := 0; ; n++ {
			select {
			case <-clock.C:
				fmt.Fprintln(w, "line", n)
			case <-end:
				w.Close()
				said <- n
				return
			}
		}
	}()
	return func() int {
		close(end)
		return <-said
	}
}
