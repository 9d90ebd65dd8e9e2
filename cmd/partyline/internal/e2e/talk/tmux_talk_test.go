//go:build unix

package talk

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// startServer starts a server in a process of its own, without a rate limit.
func startServer(t *testing.T) *harness.Program {
	t.Helper()
	return harness.StartProgram(t, "--rate", "0")
}

// openTalk runs talk on a new terminal, as alice unless args have another name, and waits until it is in a room.
func openTalk(t *testing.T, s setup, addr string, args ...string) *terminal {
	t.Helper()
	s.env = append(s.env, "SERVER="+addr)
	tt := openTerminal(t, s)
	tt.runTalk(args...)
	return tt
}

// runTalk runs talk in the shell, and waits until it is in a room. $SERVER is the address.
func (tt *terminal) runTalk(args ...string) {
	tt.t.Helper()
	if !strings.Contains(strings.Join(args, " "), "--nick") {
		args = append(args, "--nick alice")
	}
	tt.enter("clear; partyline talk $SERVER " + strings.Join(args, " "))
	tt.expect(`^ #\w+ +connected`)
}

// input returns what the user has typed in talk, without blanks, since a row of the screen may end in some.
func input(screen string) string {
	start := strings.LastIndex("\n"+screen, "\n>")
	if start < 0 {
		return ""
	}
	return strings.Join(strings.Fields(screen[start:]), "")
}

// expectInput waits until a text is in the input line, and nothing else. talk composes characters.
func (tt *terminal) expectInput(text string) {
	tt.t.Helper()
	want := norm.NFC.String(strings.Join(strings.Fields(text), ""))
	tt.await("input line "+text, func(screen string) bool { return input(screen) == want })
}

// status returns the status line, which is above the input.
func status(screen string) string {
	above, _, found := cutLast("\n"+screen, "\n>")
	if !found {
		return ""
	}
	return above[strings.LastIndex(above, "\n")+1:]
}

// expectStatus waits until a regular expression matches the status line.
func (tt *terminal) expectStatus(pattern string) {
	tt.t.Helper()
	re := regexp.MustCompile(pattern)
	tt.await("status line "+pattern, func(screen string) bool { return re.MatchString(status(screen)) })
}

// cutLast slices s around the last separator.
func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

// enterAs connects a member that uses text.
func enterAs(t *testing.T, addr, nick string) *harness.TextClient {
	t.Helper()
	c := harness.DialText(t, addr)
	harness.ExpectLine(t, c.Out, harness.WelcomeLine)
	c.Say(t, "/nick "+nick)
	harness.ExpectLine(t, c.Out, `.* is now known as `+nick)
	return c
}
