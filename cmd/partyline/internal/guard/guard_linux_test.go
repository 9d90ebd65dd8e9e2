package guard_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/guard"
)

// role is the variable that makes the test program a client on a terminal.
const role = "GUARD_TEST_ROLE"

func TestMain(m *testing.M) {
	if guard.Main() {
		return
	}
	if r := os.Getenv(role); r != "" {
		client(r)
		return
	}
	os.Exit(m.Run())
}

// client waits for a line, changes the terminal, and then does what its role says.
func client(role string) {
	fmt.Println("started")
	os.Stdin.Read(make([]byte, 1))
	g, err := guard.Start(os.Stdin, role != "inline")
	if err != nil {
		fmt.Println(err)
		return
	}
	g.SetActive(true)
	before, err := term.MakeRaw(0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("ready %d\r\n", os.Getpid())
	os.Stdin.Read(make([]byte, 1))
	switch role {
	case "crash":
		panic("crash of a test")
	case "quit":
		term.Restore(0, before)
		g.Close()
		fmt.Println("closed")
	default:
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
}

// TestGuard ends a program on a terminal in several ways.
func TestGuard(t *testing.T) {
	const leave = "\x1b[?1049l"
	shell := harness.NeedProgram(t, "sh")
	for _, test := range []struct {
		role, last string // the last line has this
		leaves     bool
	}{
		{"kill", "\x1b[?25h", true},
		{"inline", "\x1b[?25h", false},
		{"crash", "panic: crash of a test", true},
		{"quit", "closed", false},
	} {
		t.Run(test.role, func(t *testing.T) {
			cmd := exec.Command(shell, "-c", `"$0"; cat`, os.Args[0]) // the shell keeps the terminal
			cmd.Env = append(os.Environ(), role+"="+test.role)
			p := harness.StartOnTerminal(t, cmd)
			terminal := int(p.Stdin.(*os.File).Fd())
			harness.ExpectLine(t, p.Out, `started.*`)
			before := termios(t, terminal)
			fmt.Fprintln(p.Stdin)
			harness.ExpectLine(t, p.Out, `ready .*`)
			if termios(t, terminal) == before {
				t.Fatal("the terminal did not change")
			}
			fmt.Fprint(p.Stdin, "x")
			output, reset := "", test.role == "quit"
			if _, err := p.Out.Await(func(line string) bool {
				output += line
				reset = reset || strings.Contains(line, "\x1b[?25h")
				return reset && strings.Contains(line, test.last)
			}); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(output, leave) != test.leaves {
				t.Errorf("the alternate screen: %q", output)
			}
			if after := termios(t, terminal); after != before {
				t.Errorf("the terminal was\n%+v and is\n%+v", before, after)
			}
		})
	}
}

func termios(t *testing.T, fd int) unix.Termios {
	t.Helper()
	state, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *state
}
