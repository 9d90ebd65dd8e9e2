//go:build unix

package talk

import (
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// The lines around the recording in README.md.
const (
	recordingStart = "<!-- recording: make record -->\n"
	recordingEnd   = "<!-- end of recording -->\n"
)

// TestRecording records a conversation between people on talk and on netcat and a script that uses send, and compares
// it with the recording in README.md. With -update it writes the recording.
func TestRecording(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	const most = 20
	recording := record(t)
	if n := strings.Count(recording, "\n"); n > most {
		t.Errorf("the recording has %d lines, want at most %d", n, most)
	}
	recording = recordingStart + "\n```\n" + recording + "```\n\n" + recordingEnd
	name := harness.RepoPath("README.md")
	readme, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found1 := strings.Cut(string(readme), recordingStart)
	_, after, found2 := strings.Cut(rest, recordingEnd)
	if !found1 || !found2 {
		t.Fatalf("README.md has no %q or no %q", recordingStart, recordingEnd)
	}
	want := before + recording + after
	if string(readme) == want {
		return
	}
	if !*update {
		t.Fatalf("the recording in README.md is not the present one: run make record. It is now\n%s", recording)
	}
	if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// record returns what is on the terminals of three members at the end of a conversation.
func record(t *testing.T) string {
	t.Helper()
	server := startServer(t)
	host, port, _ := net.SplitHostPort(server.TCP)
	netcat := harness.NeedProgram(t, "nc.openbsd", "nc")

	alice := openTerminal(t, setup{width: 72, height: 9, env: []string{"SERVER=" + server.TCP}})
	alice.enter("partyline talk $SERVER --nick alice")
	alice.expectStatus(`connected  1 member`)
	guest := openTerminal(t, setup{width: 80, height: 12, env: []string{"NC=" + netcat, "HOST=" + host, "PORT=" + port}})
	guest.enter("$NC $HOST $PORT")
	name := guest.expect(`You are (guest-\w+) in #lobby`)[0]
	guest.enter("is the new version out?")
	alice.expect(name + ` +is the new version out\?$`)
	alice.write("not y")

	script := openTerminal(t, setup{width: 80, height: 4, env: []string{"SERVER=" + server.TCP}})
	script.enter(`partyline send $SERVER "version 2.1 is live" --nick deploy`)
	script.expect(`^\d+\n\$$`)
	alice.expect(`deploy +version 2.1 is live$`)
	alice.expect(`deploy left$`)
	alice.expectInput("> not y")
	alice.press("C-u")
	alice.write("gu")
	alice.press("Tab")
	alice.expectInput("> " + name + ":")
	alice.enter("yes, now")
	guest.expect(`^alice: ` + name + `: yes, now$`)
	alice.expect(name + `: yes, now$`)
	alice.write("lunch?")
	alice.expectInput("> lunch?")

	sent := strings.TrimSuffix(script.screen(), "\n$")
	sent = strings.Replace(sent, "$SERVER", "localhost:4000", 1)
	talked := strings.TrimLeft(alice.screen(), "\n")
	typed := strings.Replace(guest.screen(), "$NC $HOST $PORT", "nc localhost 4000", 1)
	screens := strings.Join([]string{typed, sent, "$ partyline talk localhost:4000 --nick alice", talked}, "\n") + "\n"
	screens = strings.ReplaceAll(maskTimes(screens), "guest-xxxx", "guest-x7k2")
	return ids.ReplaceAllString(milliseconds.ReplaceAllString(screens, "1 ms"), "1042")
}

// What differs between two recordings, besides times.
var (
	ids          = regexp.MustCompile(`(?m)^\d+$`) // that send prints
	milliseconds = regexp.MustCompile(`\b\d+ ms\b`)
)
