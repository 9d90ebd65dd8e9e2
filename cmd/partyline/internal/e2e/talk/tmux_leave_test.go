//go:build unix

package talk

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// pid returns the process id of the program that the shell started last.
func (tt *terminal) pid() int {
	tt.t.Helper()
	pids, err := os.ReadFile(tt.pids())
	if err != nil {
		tt.t.Fatal(err)
	}
	all := strings.Fields(string(pids))
	pid, err := strconv.Atoi(all[len(all)-1])
	if err != nil {
		tt.t.Fatal(err)
	}
	return pid
}

// processes returns how many processes run on the terminal, the shell included.
func (tt *terminal) processes() (n int) {
	tt.t.Helper()
	states, err := exec.Command("ps", "-t", strings.TrimPrefix(tt.tty, "/dev/"), "-o", "stat=").Output()
	if err != nil {
		tt.t.Fatalf("ps: %v", err)
	}
	for state := range strings.FieldsSeq(string(states)) {
		if state[0] != 'Z' { // not a zombie
			n++
		}
	}
	return n
}

// TestLeave ends talk in many ways. Each time the terminal is as it was before, and the shell can be used.
func TestLeave(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	s := startServer(t)
	signal := func(n syscall.Signal) func(*testing.T, *terminal) {
		return func(t *testing.T, tt *terminal) {
			if err := syscall.Kill(tt.pid(), n); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, leave := range map[string]func(*testing.T, *terminal){
		"quit":    func(_ *testing.T, tt *terminal) { tt.enter("/quit") },
		"ctrl-c":  func(_ *testing.T, tt *terminal) { tt.press("C-c") },
		"ctrl-d":  func(_ *testing.T, tt *terminal) { tt.press("C-d") },
		"SIGINT":  signal(syscall.SIGINT),
		"SIGTERM": signal(syscall.SIGTERM),
		"SIGHUP":  signal(syscall.SIGHUP),
		"SIGQUIT": signal(syscall.SIGQUIT), // the Go runtime ends the program as after a panic in any goroutine
		"SIGABRT": signal(syscall.SIGABRT),
		"SIGKILL": signal(syscall.SIGKILL),
	} {
		t.Run(name, func(t *testing.T) {
			tt := openTerminal(t, setup{env: []string{"SERVER=" + s.TCP}})
			tt.enter("echo what was there before")
			tt.expect(`^what was there before$`)
			before, title := tt.state(), tt.ask("#{pane_title}")
			for _, mode := range []string{"", "--inline"} {
				tt.enter("partyline talk $SERVER " + mode + " --nick " + name)
				tt.expect(`^ #lobby +connected`)
				if tt.state() == before {
					t.Error("talk did not change the state of the terminal: the test checks nothing")
				}
				leave(t, tt)
				if !harness.Eventually(func() bool { return tt.processes() == 1 && tt.state() == before }) {
					t.Fatalf("%s: the terminal is\n%s\nand was\n%s", mode, tt.state(), before)
				}
				tt.enter("echo $((40 + 2))")
				tt.expect(`^(?:\$ )?42$`)
				// The runtime prints all stacks, which may be long.
				stacks := name == "SIGQUIT" || name == "SIGABRT"
				if screen := tt.screen(); mode == "" && !stacks && !strings.Contains(screen, "what was there before") {
					t.Errorf("what was on the screen is not there any more:\n%s", screen)
				}
				if got := tt.ask("#{pane_title}"); got != title {
					t.Errorf("the title is %q, and was %q", got, title)
				}
				tt.enter("clear; echo ready" + mode + "; head -n 1 | cat -v") // which shows whether the terminal still brackets what is pasted
				tt.expect(`^ready` + mode + `$`)
				tt.paste("pasted\n")
				tt.expect(`^pasted\npasted\n\$$`)
			}
		})
	}
}

// TestSuspend suspends talk with Ctrl-Z, and continues it.
func TestSuspend(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob := enterAs(t, s.TCP, "bob")
	tt := openTerminal(t, setup{env: []string{"SERVER=" + s.TCP}})
	before := tt.state()
	tt.runTalk()
	during := tt.state()
	bob.Say(t, "before")
	tt.expect(`bob +before$`)
	tt.write("half a li")
	tt.expectInput("> half a li")

	tt.press("C-z")
	tt.expect(`Stopped`)
	if !harness.Eventually(func() bool { return tt.state() == before }) {
		t.Errorf("suspended, the terminal is\n%s\nand was\n%s", tt.state(), before)
	}
	bob.Say(t, "in the meantime")
	tt.enter("echo $((40 + 2))")
	tt.expect(`^42$`)
	tt.enter("fg")
	tt.expect(`in the meantime$`)
	tt.expectInput("> half a li")
	if !harness.Eventually(func() bool { return tt.state() == during }) {
		t.Errorf("continued, the terminal is\n%s\nand was\n%s", tt.state(), during)
	}
	tt.enter("ne")
	harness.ExpectLine(t, bob.Out, "alice: half a line")
	tt.press("C-c")
	tt.expect(`^\$$`)
	if !harness.Eventually(func() bool { return tt.state() == before }) {
		t.Errorf("afterwards, the terminal is\n%s\nand was\n%s", tt.state(), before)
	}
}

// TestInline leaves the lines of the room in the terminal's own scrollback.
func TestInline(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	tt := openTalk(t, setup{scrollback: 5000}, s.TCP, "--inline")
	seed(t, s.TCP, 200)
	tt.expect(`note 199$`)
	tt.write("typed in the meantime")
	tt.expectInput("> typed in the meantime")
	tt.press("C-u")
	checkNotes := func() {
		t.Helper()
		all := tt.scrollback()
		last := 0
		for i := range 200 {
			at := strings.Index(all[last:], "note "+strconv.Itoa(i)+"\n")
			if at < 0 {
				t.Fatalf("note %d is not in the scrollback, or is out of order:\n%s", i, all)
			}
			last += at
		}
		if n := strings.Count(all, "note 150\n"); n != 1 {
			t.Errorf("note 150 is there %d times", n)
		}
	}
	checkNotes()
	if tt.ask("#{alternate_on}") != "0" {
		t.Error("--inline uses the alternate screen")
	}
	tt.enter("/quit")
	tt.expect(`^\$$`)
	checkNotes()
}

// TestNoColor checks that NO_COLOR leaves no colour, and that there are some without it.
func TestNoColor(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	for _, no := range []string{"", "1"} {
		bob := enterAs(t, s.TCP, "bob"+no)
		tt := openTalk(t, setup{env: []string{"NO_COLOR=" + no}}, s.TCP, "--nick alice"+no)
		bob.Say(t, "alice"+no+": look")
		tt.expect(`look$`)
		styled := tt.styled()
		if colours.MatchString(styled) != (no == "") {
			t.Errorf("NO_COLOR=%s: the screen is\n%q", no, styled)
		}
	}
}

// colours matches an escape sequence that selects a colour.
var colours = regexp.MustCompile(`\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m`)
