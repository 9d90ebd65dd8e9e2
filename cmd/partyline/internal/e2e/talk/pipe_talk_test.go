//go:build unix

package talk

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"partyline/client"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// talkCommand returns the command partyline talk with a state directory of its own.
func talkCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return harness.Command(t, []string{"XDG_STATE_HOME=" + t.TempDir()}, append([]string{"talk"}, args...)...)
}

// startTalk starts partyline talk. Its input is a pipe.
func startTalk(t *testing.T, args ...string) *harness.Process {
	t.Helper()
	return harness.StartCommand(t, talkCommand(t, args...))
}

// sayAll writes the input of a process, and ends it.
func sayAll(p *harness.Process, input string) {
	go func() {
		io.WriteString(p.Stdin, input)
		p.Stdin.Close()
	}()
}

// shell starts a shell script in which $0 is partyline, with the arguments $1 and so on.
func shell(t *testing.T, script string, args ...string) *harness.Process {
	t.Helper()
	cmd := harness.Command(t, []string{"XDG_STATE_HOME=" + t.TempDir()})
	sh := exec.Command("sh", append([]string{"-c", script, cmd.Path}, args...)...)
	sh.Env = cmd.Env
	return harness.StartCommand(t, sh)
}

// expectStatus checks the exit status of a process, and what it printed on standard error: nothing, or a line
// that contains want.
func expectStatus(t *testing.T, p *harness.Process, status int, want string) {
	t.Helper()
	code := p.ExitCode(t, harness.Patience)
	lines, _ := p.Err.Rest(t)
	switch {
	case code != status:
		t.Errorf("exit status %d, want %d; it printed %q", code, status, lines)
	case want == "" && len(lines) > 0, want != "" && (len(lines) != 1 || !strings.Contains(lines[0], want)):
		t.Errorf("it printed %q, want %q", lines, want)
	}
}

// TestPipeLines says lines and prints those of another member, over both transports: all that netcat gets.
func TestPipeLines(t *testing.T) {
	s := harness.StartServer(t, nil)
	for _, address := range []string{s.TCP, "http://" + s.HTTP + "/"} {
		other := harness.DialText(t, s.TCP)
		other.Say(t, "/nick bob")
		p := startTalk(t, address, "--nick", "web1")
		harness.ExpectLine(t, p.Out, `\* You are web1 in #lobby, with bob .*`)
		harness.ExpectLine(t, other.Out, `\* (?:web1 has arrived|.* is now known as web1)`)
		other.Say(t, "hello")
		harness.ExpectLine(t, p.Out, "bob: hello") // while the input is open
		sayAll(p, "one\r\n\n  \n/quit\n\ttwo  \nthree")
		for _, line := range []string{"one", "/quit", "\ttwo  ", "three"} {
			harness.ExpectLine(t, other.Out, "web1: "+line)
			harness.ExpectLine(t, p.Out, "web1: "+line)
		}
		expectStatus(t, p, 0, "")
		other.Say(t, "/quit")
		harness.ExpectLine(t, other.Out, "-- goodbye.*")
	}
}

// TestPipeJSON prints one JSON object for each event, also those of several lines.
func TestPipeJSON(t *testing.T) {
	s := harness.StartServer(t, nil)
	p := startTalk(t, s.TCP, "--nick", "web1", "--room", "ops", "--json")
	if _, err := p.Out.Await(func(line string) bool {
		return strings.HasPrefix(line, `{"type":"welcome","room":"ops","nick":"web1"`)
	}); err != nil {
		t.Fatal(err)
	}
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?room=ops")
	bot.Request(t, map[string]any{"type": "say", "text": "two\nlines \u2028"})
	bot.Request(t, map[string]any{"type": "me", "text": "waves"})
	bot.Request(t, map[string]any{"type": "msg", "to": "web1", "text": "psst"})
	bot.Request(t, map[string]any{"type": "quit"})
	bot.ExpectType(t, "bye")
	sayAll(p, "bye\n")
	expectStatus(t, p, 0, "")
	lines, _ := p.Out.Rest(t)
	var got []string
	for _, line := range lines {
		var e harness.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		got = append(got, strings.TrimSpace(e.Type+" "+e.Text))
	}
	if want := []string{"join", "message two\nlines \uFFFD", "action waves", "private psst", "leave", "message bye"}; fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestPipeStatus checks the exit statuses, and the line on standard error.
func TestPipeStatus(t *testing.T) {
	s := harness.StartServer(t, nil)
	mute := harness.ListenAndSend(t, harness.FakeWelcome, false)
	long := strings.Repeat("x", 5000)
	for _, c := range []struct {
		input  string
		args   []string
		status int
		want   string
	}{
		{"", []string{}, 2, "talk needs an address, as there is no last server"},
		{"", []string{s.TCP, "again"}, 2, "talk takes one address"},
		{"", []string{s.TCP, "--since", "yesterday"}, 2, `--since "yesterday" is not the id of a message, or last`},
		{"", []string{"ftp://chat.example"}, 2, "ftp is not one of"},
		{"", []string{harness.FreeAddr(t)}, 3, "connection refused: nothing listens there"},
		{"", []string{s.HTTP}, 3, "it is a web server"},
		{"", []string{s.TCP, "--nick", "server"}, 4, "server is reserved"},
		{"one\n" + long + "\ntwo\n", []string{s.TCP}, 4, "partyline: line 2: line too long: at most 4096 bytes"},
		{"one\ntwo\n", []string{mute, "--wait", "50ms"}, 5, "partyline: not acknowledged: 2"},
		{"", []string{s.TCP}, 0, ""},
		{" \n", []string{s.TCP}, 0, ""},
	} {
		p := startTalk(t, c.args...)
		sayAll(p, c.input)
		expectStatus(t, p, c.status, c.want)
	}
	p := shell(t, `"$0" talk "$1" <.`, s.TCP)
	expectStatus(t, p, 1, "is a directory")
	p = shell(t, `"$0" talk "$1" >/dev/full </dev/null`, s.TCP)
	expectStatus(t, p, 1, "partyline: print events: write /dev/stdout: no space left on device")
	p = shell(t, `"$0" send "$1" hello >/dev/full`, s.TCP)
	expectStatus(t, p, 1, "partyline: print ids: write /dev/stdout: no space left on device")
}

// TestPipeLongLines says lines that are too long for the server: longer than what it reads, and longer than what the
// client sends. Each is refused, and the others are said.
func TestPipeLongLines(t *testing.T) {
	s := harness.StartServer(t, nil)
	for _, address := range []string{s.TCP, "ws://" + s.HTTP + "/ws"} {
		var input strings.Builder
		for i, size := range []int{5, 5000, 40_000, 100_000, client.MaxText, client.MaxText + 1, 3_000_000, 5} {
			fmt.Fprintf(&input, "%d%s\n", i, strings.Repeat("x", size-1))
		}
		p := startTalk(t, address)
		sayAll(p, input.String())
		if code := p.ExitCode(t, harness.Patience); code != 4 {
			t.Errorf("exit status %d", code)
		}
		var got []string
		for _, line := range p.Out.All() {
			if _, text, ok := strings.Cut(line, ": "); ok {
				got = append(got, text)
			}
		}
		if want := []string{"0xxxx", "7xxxx"}; !slices.Equal(got, want) {
			t.Errorf("said %q, want %q", got, want)
		}
		for line := 2; line <= 7; line++ {
			if n := p.Err.Count(func(s string) bool {
				return strings.HasPrefix(s, fmt.Sprintf("partyline: line %d: line too long", line))
			}); n != 1 {
				t.Errorf("%s: %d errors about line %d: %s", address, n, line, p.Err)
			}
		}
	}
}

// listenMute returns the address of a server that welcomes a client and answers nothing, and a channel that gets
// an element for each message.
func listenMute(t *testing.T) (address string, said <-chan struct{}) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	messages := make(chan struct{}, 10)
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(conn, harness.FakeWelcome)
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			if strings.Contains(lines.Text(), `"type":"say"`) {
				messages <- struct{}{}
			}
		}
	}()
	return ln.Addr().String(), messages
}

// TestPipeInterrupt interrupts talk. The status says whether something is not acknowledged.
func TestPipeInterrupt(t *testing.T) {
	s := harness.StartServer(t, nil)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		p := startTalk(t, s.TCP)
		sayLine := "before the " + signal.String()
		p.Say(t, sayLine)
		harness.ExpectLine(t, p.Out, ".*: "+sayLine)
		p.Signal(t, signal)
		expectStatus(t, p, 0, "")
	}

	p := shell(t, `exec "$0" talk "$1" </dev/null`, s.TCP) // /dev/null does not end the talk
	harness.ExpectLine(t, p.Out, harness.WelcomeLine)
	other := harness.DialText(t, s.TCP)
	other.Say(t, "still there?")
	harness.ExpectLine(t, p.Out, ".*: still there\\?")
	p.Signal(t, syscall.SIGINT)
	expectStatus(t, p, 0, "")

	p = shell(t, `timeout -s INT 1 "$0" talk "$1" </dev/null`, s.TCP) // sends the signal twice
	expectStatus(t, p, 124, "")

	address, said := listenMute(t)
	p = startTalk(t, address)
	p.Say(t, "lost")
	<-said
	p.Signal(t, syscall.SIGINT)
	expectStatus(t, p, 5, "partyline: not acknowledged: 1")
}

// TestPipeHead ends the reader of the output: talk ends at once, without an error, also if nothing more happens.
func TestPipeHead(t *testing.T) {
	s := harness.StartServer(t, nil)
	for input, lines := range map[string]string{"</dev/null": "1", "<fifo": "2"} { // the fifo stays open
		dir := t.TempDir()
		if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
			t.Fatal(err)
		}
		fifo, err := os.OpenFile(filepath.Join(dir, "fifo"), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer fifo.Close()
		fmt.Fprintln(fifo, "said")
		p := shell(t, `cd "$2"; { "$0" talk "$1" `+input+`; echo "status $?" >&2; } | head -$3`, s.TCP, dir, lines)
		harness.ExpectLine(t, p.Out, harness.WelcomeLine)
		expectStatus(t, p, 0, "status 0")
	}
}

// TestPipeFollowedFile says the lines of a growing file as they appear.
func TestPipeFollowedFile(t *testing.T) {
	s := harness.StartServer(t, nil)
	reader := harness.DialText(t, s.TCP)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p := shell(t, `tail -n +1 -f "$2" | "$0" talk "$1" --nick web1 --json | while read -r line; do echo "got $line"; done`, "http://"+s.HTTP, log.Name())
	n := 0
	for _, growth := range []int{1, 2, 40, 1, 56} {
		for i := range growth {
			fmt.Fprintf(log, "line %d", n+i)
			fmt.Fprintf(log, " of the log\n") // a line grows in two steps
		}
		for range growth {
			if got := harness.ExpectLine(t, reader.Out, `web1: (line \d+ of the log)`)[0]; got != fmt.Sprintf("line %d of the log", n) {
				t.Fatalf("got %q, want line %d", got, n)
			}
			harness.ExpectLine(t, p.Out, fmt.Sprintf(`got .*"text":"line %d of the log"}`, n))
			n++
		}
	}
}
