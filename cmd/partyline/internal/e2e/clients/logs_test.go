package clients

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// endOfLog is the message after a log, which marks its end.
const endOfLog = "that was the whole log"

// TestLogs pipes 32,000 lines of logs through netcat after /verbatim. The room receives each line unchanged,
// except for text that a terminal would not show.
func TestLogs(t *testing.T) {
	log := logOf(32_000)
	if testing.Short() {
		log = log[:4_000]
	}
	var sent strings.Builder
	var want []string
	refused := 0
	for _, l := range log {
		sent.WriteString(l.sent)
		if l.want != "" {
			want = append(want, l.want)
		}
		if l.refused {
			refused++
		}
	}
	got := pipeThroughNetcat(t, "/verbatim\n"+sent.String())
	for name, said := range got.said {
		if i := firstDifference(said, want); i >= 0 {
			t.Errorf("%s received %d lines, want %d; from line %d:\n%q\nwant\n%q", name, len(said), len(want), i, from(said, i), from(want, i))
		}
	}
	if n := count(got.responses, "! not said: nothing in it can be seen"); n != refused || len(got.responses) != refused+1 {
		t.Errorf("the sender received %d refusals, want %d; all responses: %.20q", n, refused, got.responses)
	}
}

// TestPipedPaths pipes the output of find. After /verbatim the room receives all lines. Without it, a line
// that looks like a command is not said, and its sender receives an error.
func TestPipedPaths(t *testing.T) {
	out, err := exec.Command("sh", "-c", "find /etc 2>/dev/null | head -50").Output()
	if err != nil {
		t.Fatal(err)
	}
	paths := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	t.Run("verbatim", func(t *testing.T) {
		got := pipeThroughNetcat(t, "/verbatim\n"+string(out))
		for name, said := range got.said {
			if !slices.Equal(said, paths) {
				t.Errorf("%s received %q, want %q", name, said, paths)
			}
		}
	})
	t.Run("plain", func(t *testing.T) {
		got := pipeThroughNetcat(t, string(out))
		for name, said := range got.said {
			if want := paths[1:]; paths[0] != "/etc" || !slices.Equal(said, want) {
				t.Errorf("%s received %q, want %q", name, said, want)
			}
		}
		if len(got.responses) != 1 || !strings.HasPrefix(got.responses[0], "! unknown command /etc: ") {
			t.Errorf("the sender received %q", got.responses)
		}
	})
}

// A pipeResult is the result of pipeThroughNetcat.
type pipeResult struct {
	said      map[string][]string // the messages that each client received, the sender included
	responses []string            // lines that only the sender received
}

// pipeThroughNetcat pipes text, which must end in LF, through netcat into a room with a listener over each
// transport.
func pipeThroughNetcat(t *testing.T, text string) pipeResult {
	t.Helper()
	s := harness.StartServer(t, func(c *app.Config) { c.Limits.Window = 64 << 20 }) // large enough that no listener lags
	listeners := map[string]*harness.Recorder{"tcp": harness.DialRecorder(t, s, false, false), "ws": harness.DialRecorder(t, s, true, false)}
	var readers sync.WaitGroup
	for _, l := range listeners {
		readers.Go(func() { l.ReadUntil(t, harness.Counter(": "+endOfLog), 1) })
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(in, []byte(text+endOfLog+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(s.TCP)
	nc := harness.Start(t, "sh", "-c", `cat "$3" | "$0" -N "$1" "$2" >"$4"`, harness.NeedProgram(t, "nc.openbsd", "nc"), host, port, in, out)
	if code := nc.ExitCode(t, 4*harness.Patience); code != 0 {
		t.Errorf("nc -N ended with exit code %d", code)
	}
	readers.Wait()
	output, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	own := strings.Split(strings.TrimSuffix(string(output), "\n"), "\n")
	welcome := regexp.MustCompile(harness.WelcomeLine).FindStringSubmatch(own[0])
	if welcome == nil {
		t.Fatalf("the first line of the sender is %q, want a welcome", own[0])
	}
	nick := welcome[1]
	p := pipeResult{said: map[string][]string{"the sender": saidBy(t, nick, own)}}
	for transport, l := range listeners {
		p.said[fmt.Sprint("the listener over ", transport)] = saidBy(t, nick, l.Frames(t))
	}
	for _, line := range own[1:] {
		// A listener sends nothing, so its join is announced after a second, perhaps to the sender too.
		if !strings.HasPrefix(line, nick+": ") && !strings.HasSuffix(line, " has arrived") {
			p.responses = append(p.responses, line)
		}
	}
	return p
}

// saidBy returns the messages of a member before the end of the log, which must be its last message.
func saidBy(t *testing.T, nick string, lines []string) (said []string) {
	t.Helper()
	for _, line := range lines {
		if text, ok := strings.CutPrefix(line, nick+": "); ok {
			said = append(said, text)
		}
	}
	i := slices.Index(said, endOfLog)
	if i < 0 || i != len(said)-1 {
		t.Fatalf("the end of the log is message %d of %d, want the last", i, len(said))
	}
	return said[:i]
}

// firstDifference returns the first index at which two lists differ, or -1.
func firstDifference(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return i
		}
	}
	return -1
}

// from returns up to three elements of list from index i.
func from(list []string, i int) []string { return list[min(i, len(list)):min(i+3, len(list))] }

func count(list []string, s string) (n int) {
	for _, v := range list {
		if v == s {
			n++
		}
	}
	return n
}
