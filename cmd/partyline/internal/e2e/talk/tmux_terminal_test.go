//go:build unix

package talk

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// A terminal is a tmux server of its own with one pane, which runs a shell. In the shell, partyline is the program
// under test.
type terminal struct {
	t      *testing.T
	dir    string // HOME; has the socket of tmux and the state of the program
	socket string
	tty    string // the device of the pane
}

// A setup describes a terminal. The zero value is 80 columns and 24 rows without a scrollback.
type setup struct {
	width, height int
	scrollback    int      // lines
	env           []string // more variables, as NAME=value
	dir           string   // the HOME of an earlier terminal; "" for a new one
}

// openTerminal starts a terminal, and kills everything in it at the end of the test.
func openTerminal(t *testing.T, s setup) *terminal {
	t.Helper()
	if s.width == 0 {
		s.width = 80
	}
	if s.height == 0 {
		s.height = 24
	}
	tt := &terminal{t: t, dir: s.dir, socket: filepath.Join(t.TempDir(), "s")}
	if tt.dir == "" {
		tt.dir = t.TempDir()
	}
	start := tt.command(
		"set", "-g", "status", "off", ";",
		"set", "-g", "history-limit", strconv.Itoa(s.scrollback), ";",
		"set", "-g", "default-terminal", "tmux-256color", ";",
		"set", "-g", "escape-time", "0", ";",
		"new-session", "-d", "-x", strconv.Itoa(s.width), "-y", strconv.Itoa(s.height), "sh")
	start.Env = append(tt.environment(), s.env...)
	if out, err := start.CombinedOutput(); err != nil {
		t.Fatalf("tmux: %v: %s", err, out)
	}
	t.Cleanup(tt.close)
	tt.tty = tt.ask("#{pane_tty}")
	tt.await("prompt", func(screen string) bool { return screen == "$" })
	return tt
}

// environment returns the variables of the shell, and writes its start file and the script that runs the program.
func (tt *terminal) environment() []string {
	tt.t.Helper()
	bin := filepath.Join(tt.dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		tt.t.Fatal(err)
	}
	program := harness.Command(tt.t, nil)
	script := fmt.Sprintf("#!/bin/sh\necho $$ >>%q\nexec %q \"$@\"\n", tt.pids(), program.Path)
	if err := os.WriteFile(filepath.Join(bin, "partyline"), []byte(script), 0o755); err != nil {
		tt.t.Fatal(err)
	}
	start := filepath.Join(tt.dir, "shrc")
	if err := os.WriteFile(start, []byte("PS1='$ '\n"), 0o644); err != nil {
		tt.t.Fatal(err)
	}
	var env []string
	for _, v := range program.Env {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "TMUX", "TMUX_PANE", "ENV", "COLORTERM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM_PROGRAM", "SSH_TTY":
		default:
			env = append(env, v)
		}
	}
	return append(env, "LC_ALL=C.UTF-8", "TZ=UTC", "TERM=xterm-256color", "ENV="+start, "HOME="+tt.dir, "XDG_STATE_HOME="+filepath.Join(tt.dir, "state"),
		"PATH="+bin+":"+os.Getenv("PATH"), "GORACE=atexit_sleep_ms=10 log_path="+filepath.Join(tt.dir, "race"))
}

// pids returns the name of the file with the process ids of the programs that the shell has started.
func (tt *terminal) pids() string { return filepath.Join(tt.dir, "pids") }

// close kills everything in the terminal. It reports data races of the program.
func (tt *terminal) close() {
	shell := tt.ask("#{pane_pid}")
	tt.tmux("kill-server")
	pids, _ := os.ReadFile(tt.pids())
	for pid := range strings.FieldsSeq(string(pids)) {
		if pid, err := strconv.Atoi(pid); err == nil {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	if !harness.Eventually(func() bool { return ended(shell) }) {
		tt.t.Errorf("the shell %s did not end", shell)
	}
	races, _ := filepath.Glob(filepath.Join(tt.dir, "race.*"))
	for _, name := range races {
		report, _ := os.ReadFile(name)
		tt.t.Errorf("the program reports: %s", report)
	}
}

// ended reports whether a process has ended.
func ended(pid string) bool {
	state, _ := exec.Command("ps", "-o", "stat=", "-p", pid).Output()
	return len(state) == 0 || state[0] == 'Z' // nobody has asked for the exit status of a zombie
}

// command returns a command of tmux.
func (tt *terminal) command(args ...string) *exec.Cmd {
	tt.t.Helper()
	path := harness.NeedProgram(tt.t, "tmux")
	return exec.Command(path, append([]string{"-u", "-f", "/dev/null", "-S", tt.socket}, args...)...)
}

// tmux runs a command of tmux and returns its output.
func (tt *terminal) tmux(args ...string) string {
	tt.t.Helper()
	out, err := tt.command(args...).CombinedOutput()
	if err != nil {
		tt.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

// ask returns the value of a format of tmux, such as #{pane_title}.
func (tt *terminal) ask(format string) string {
	tt.t.Helper()
	return strings.TrimSuffix(tt.tmux("display-message", "-p", format), "\n")
}

// write types a text as it is.
func (tt *terminal) write(text string) {
	tt.t.Helper()
	tt.tmux("send-keys", "-l", "--", text)
}

// press presses keys by tmux's names, such as Enter, C-z, M-1 and PageUp.
func (tt *terminal) press(keys ...string) {
	tt.t.Helper()
	tt.tmux(append([]string{"send-keys", "--"}, keys...)...)
}

// enter types a line and presses Enter.
func (tt *terminal) enter(line string) {
	tt.t.Helper()
	tt.write(line)
	tt.press("Enter")
}

// screen returns the text on the screen, without blanks at the ends of lines and blank lines at the end.
func (tt *terminal) screen() string {
	tt.t.Helper()
	return trim(tt.tmux("capture-pane", "-p"))
}

// trim removes blanks at the ends of lines, and blank lines at the end.
func trim(screen string) string {
	return strings.TrimRight(blanks.ReplaceAllString(screen, ""), "\n")
}

// await waits until the screen fulfils a condition, and returns the screen. what names the condition in failure
// messages.
func (tt *terminal) await(what string, cond func(screen string) bool) string {
	tt.t.Helper()
	for deadline := time.Now().Add(harness.Patience); ; time.Sleep(10 * time.Millisecond) {
		screen := tt.screen()
		if cond(screen) {
			return screen
		}
		if time.Now().After(deadline) {
			tt.t.Fatalf("no %s; the screen is\n%s", what, screen)
		}
	}
}

// expect waits until a regular expression matches the screen, and returns its submatches. ^ and $ match at the
// ends of lines.
func (tt *terminal) expect(pattern string) []string {
	tt.t.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	screen := tt.await(fmt.Sprintf("match for %q", pattern), re.MatchString)
	return re.FindStringSubmatch(screen)[1:]
}

// paste pastes a text, in brackets if the program in the terminal has asked for them.
func (tt *terminal) paste(text string) {
	tt.t.Helper()
	tt.tmux("set-buffer", "--", text)
	tt.tmux("paste-buffer", "-p", "-r", "-d")
}

// resize changes the size of the terminal.
func (tt *terminal) resize(width, height int) {
	tt.t.Helper()
	tt.tmux("resize-window", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height))
}

// styled returns what screen does, with the escape sequences of colours and attributes.
func (tt *terminal) styled() string {
	tt.t.Helper()
	return trim(tt.tmux("capture-pane", "-p", "-e"))
}

// scrollback returns the text of the lines above the screen and of the screen.
func (tt *terminal) scrollback() string {
	tt.t.Helper()
	return trim(tt.tmux("capture-pane", "-p", "-S", "-"))
}

// state returns the settings of the terminal that a program may change: those of the kernel, as stty prints them,
// and those of the emulator.
func (tt *terminal) state() string {
	tt.t.Helper()
	modes, err := exec.Command("stty", "-a", "-F", tt.tty).Output()
	if err != nil {
		tt.t.Fatalf("stty: %v", err)
	}
	return string(modes) + tt.ask("alternate screen #{alternate_on}, cursor #{cursor_flag}, mouse #{mouse_any_flag}, "+
		"keypad #{keypad_flag} #{keypad_cursor_flag}, wrap #{wrap_flag}, insert #{insert_flag}, origin #{origin_flag}, "+
		"scroll region #{scroll_region_upper} #{scroll_region_lower}")
}
