//go:build unix

package talk

import (
	"strings"
	"syscall"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// startAt starts a server at an address, and waits until it accepts connections.
func startAt(t *testing.T, addr string, args ...string) *harness.Process {
	t.Helper()
	p := harness.StartPartyline(t, nil, append([]string{"--tcp", addr, "--http", "127.0.0.1:0", "--rate", "0"}, args...)...)
	harness.ExpectLine(t, p.Err, harness.TCPListening)
	return p
}

// TestServerKilled kills the server with SIGKILL and starts it again. talk says that it is disconnected, shows what
// is not sent yet, and sends it once when it is connected again.
func TestServerKilled(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	addr, data := harness.FreeAddr(t), t.TempDir()
	server := startAt(t, addr, "--data", data)
	tt := openTalk(t, setup{}, addr)
	tt.enter("before the crash")
	tt.expect(`alice +before the crash$`)
	server.Kill(t)
	tt.expect(`disconnected`)
	tt.expectStatus(`reconnecting|offline`)
	tt.enter("into the dark")
	tt.expect(`into the dark · unsent$`) // after the name, or after "before the crash" if that was not acknowledged
	tt.write("typed")
	tt.expectInput("> typed")

	startAt(t, addr, "--data", data)
	tt.expectStatus(`connected.*member`)
	tt.await("sent message", func(s string) bool {
		return strings.Contains(s, "into the dark\n")
	})
	tt.expectInput("> typed")
	bob := enterAs(t, addr, "bob")
	bob.Say(t, "hello again")
	tt.expect(`bob +hello again$`)
	if n := strings.Count(tt.screen(), "into the dark"); n != 1 {
		t.Errorf("the message is on the screen %d times:\n%s", n, tt.screen())
	}
	harness.ExpectLine(t, bob.Out, "bob: hello again")
	if n := bob.Out.Count(func(line string) bool { return line == "alice: into the dark" }); n != 1 {
		t.Errorf("the history has the message %d times:\n%s", n, bob.Out)
	}
}

// TestHistoryLost starts the server again without its history.
func TestHistoryLost(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	addr := harness.FreeAddr(t)
	server := startAt(t, addr)
	tt := openTalk(t, setup{}, addr)
	tt.enter("forgotten soon")
	tt.expect(`alice +forgotten soon$`)
	server.Kill(t)
	tt.expect(`disconnected`)
	startAt(t, addr)
	tt.expectStatus(`connected.*member`)
	tt.expect(`messages lost`)
	tt.enter("a new start")
	tt.expect(`a new start$`)
}

// TestUnsent leaves while a message can't be sent. talk asks for patience, and then names the message.
func TestUnsent(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	addr := harness.FreeAddr(t)
	server := startAt(t, addr)
	tt := openTalk(t, setup{}, addr)
	server.Kill(t)
	tt.expect(`disconnected`)
	tt.enter("never arrives")
	tt.expect(`alice +never arrives · unsent$`)
	tt.press("C-c")
	tt.expect(`1 message is sent`)
	tt.press("C-c")
	tt.expect(`not sent:\n  #lobby: never arrives\n\$$`)
	tt.enter("echo status $?")
	tt.expect(`^status [1-9]`)
}

// TestServerStops stops the server with SIGTERM. talk says what the server said, and returns to it.
func TestServerStops(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	addr, data := harness.FreeAddr(t), t.TempDir()
	server := startAt(t, addr, "--data", data)
	tt := openTalk(t, setup{}, addr)
	server.Signal(t, syscall.SIGTERM)
	tt.expect(`shutdown|restart`)
	server.ExitCode(t, harness.Patience)
	startAt(t, addr, "--data", data)
	tt.expectStatus(`connected.*member`)
}

// TestReturn leaves, and returns later without an address: talk shows what was missed after what was read.
func TestReturn(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob := enterAs(t, s.TCP, "bob")
	tt := openTalk(t, setup{}, s.TCP)
	bob.Say(t, "read before")
	tt.expect(`bob +read before$`)
	tt.press("C-c")
	tt.expect(`^\$$`)
	for _, text := range []string{"missed", "missed too"} {
		bob.Say(t, text)
		harness.ExpectLine(t, bob.Out, "bob: "+text)
	}
	tt.enter("clear; partyline talk --nick alice")
	tt.expect(`(?s) read before\n.*── new ─+\n[^\n]* missed\n[^\n]* missed too$`)
}
