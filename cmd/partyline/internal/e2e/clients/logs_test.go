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

// endOfLog is said after a log, so that a listener knows when it has all.
const endOfLog = "that was the whole log"

// TestLogs pipes 32,000 lines of logs through netcat after /verbatim. The room hears each line
// as it is, but for what a terminal would not show.
func TestLogs(t *testing.T) {
	log := logOf(32_000)
	if testing.Short() {
		log = log[:4_000]
	}
	var sent strings.Builder
	var want []string
	told := 0
	for _, l := range log {
		sent.WriteString(l.sent)
		if l.want != "" {
			want = append(want, l.want)
		}
		if l.told {
			told++
		}
	}
	got := pipeThroughNetcat(t, "/verbatim\n"+sent.String())
	for who, said := range got.said {
		if i := firstDifference(said, want); i >= 0 {
			t.Errorf("%s hears %d lines instead of %d, from line %d on\n%q\ninstead of\n%q", who, len(said), len(want), i, from(said, i), from(want, i))
		}
	}
	if n := count(got.answers, "! not said: nothing in it can be seen"); n != told || len(got.answers) != told+1 {
		t.Errorf("the sender is told of %d lines instead of %d, and %.20q in all", n, told, got.answers)
	}
}

// TestPipedPaths pipes what find prints: after /verbatim all of it is said, and without it all
// but what looks like a command, of which the sender is told.
func TestPipedPaths(t *testing.T) {
	out, err := exec.Command("sh", "-c", "find /etc 2>/dev/null | head -50").Output()
	if err != nil {
		t.Fatal(err)
	}
	paths := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	t.Run("verbatim", func(t *testing.T) {
		got := pipeThroughNetcat(t, "/verbatim\n"+string(out))
		for who, said := range got.said {
			if !slices.Equal(said, paths) {
				t.Errorf("%s hears %q instead of %q", who, said, paths)
			}
		}
	})
	t.Run("plain", func(t *testing.T) {
		got := pipeThroughNetcat(t, string(out))
		for who, said := range got.said {
			if want := paths[1:]; paths[0] != "/etc" || !slices.Equal(said, want) {
				t.Errorf("%s hears %q instead of %q", who, said, want)
			}
		}
		if len(got.answers) != 1 || !strings.HasPrefix(got.answers[0], "! unknown command /etc: ") {
			t.Errorf("the sender is told %q", got.answers)
		}
	})
}

// piped is what comes of what was piped.
type piped struct {
	said    map[string][]string // by who hears it, the sender included
	answers []string            // to the sender alone
}

// pipeThroughNetcat pipes a text, which ends in LF, into a room in which a listener is through
// each door.
func pipeThroughNetcat(t *testing.T, text string) piped {
	t.Helper()
	s := harness.StartServer(t, func(c *app.Config) { c.Limits.Window = 64 << 20 }) // all of it, so that no listener reads too slowly
	listeners := map[string]*harness.Raw{"tcp": harness.DialRaw(t, s, false, false), "ws": harness.DialRaw(t, s, true, false)}
	var listening sync.WaitGroup
	for _, l := range listeners {
		listening.Go(func() { l.ReadUntil(t, harness.Counter(": "+endOfLog), 1) })
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
	listening.Wait()
	heard, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	own := strings.Split(strings.TrimSuffix(string(heard), "\n"), "\n")
	welcome := regexp.MustCompile(harness.WelcomeLine).FindStringSubmatch(own[0])
	if welcome == nil {
		t.Fatalf("the sender got %q first", own[0])
	}
	nick := welcome[1]
	p := piped{said: map[string][]string{"the sender": saidBy(t, nick, own)}}
	for door, l := range listeners {
		p.said[fmt.Sprint("the listener over ", door)] = saidBy(t, nick, l.Frames(t))
	}
	for _, line := range own[1:] {
		if !strings.HasPrefix(line, nick+": ") {
			p.answers = append(p.answers, line)
		}
	}
	return p
}

// saidBy returns what somebody said before the end of the log.
func saidBy(t *testing.T, nick string, lines []string) (said []string) {
	t.Helper()
	for _, line := range lines {
		if text, ok := strings.CutPrefix(line, nick+": "); ok {
			said = append(said, text)
		}
	}
	i := slices.Index(said, endOfLog)
	if i < 0 || i != len(said)-1 {
		t.Fatalf("the end of the log is line %d of %d", i, len(said))
	}
	return said[:i]
}

// firstDifference returns where two lists differ first, or -1.
func firstDifference(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			return i
		}
	}
	return -1
}

// from returns a few elements of a list.
func from(list []string, i int) []string { return list[min(i, len(list)):min(i+3, len(list))] }

func count(list []string, s string) (n int) {
	for _, v := range list {
		if v == s {
			n++
		}
	}
	return n
}
