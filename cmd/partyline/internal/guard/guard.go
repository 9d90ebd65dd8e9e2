// Package guard gives a terminal back as it was, also when the program that uses it is killed.
//
// A killed program can't restore anything. So [Start] starts this program again as a small child, which
// waits for the end of its parent. It is in a process group of its own, so that what kills the
// program's group does not kill it.
package guard

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
)

// variable is set in the environment of a guard. Its value is the screen that the program uses, and the state of the
// terminal.
const (
	variable        = "PARTYLINE_GUARD"
	mainScreen      = "main "
	alternateScreen = "alternate "
)

// What a program writes to a terminal before it sets the title, and at its end. A guard restores the title too.
const (
	SaveTitle    = "\x1b[22;0t"
	RestoreTitle = "\x1b[23;0t"
)

// What the parent writes to its guard. Everything else is what the runtime writes when the program crashes.
const (
	idle   = 0 // the terminal is as it was
	active = 1 // the parent has changed the modes of the terminal
)

// A Guard restores a terminal when this process ends. The nil Guard does nothing.
type Guard struct {
	pipe  *os.File
	child *exec.Cmd
}

// Start starts a guard of a terminal, which must be as it is to be restored. alternate says that the program
// uses the alternate screen. The program must call Main first. Close ends the guard.
func Start(terminal *os.File, alternate bool) (*Guard, error) {
	state, err := save(terminal)
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if runtime.GOOS == "linux" {
		program = "/proc/self/exe" // also if the file was replaced
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	child := exec.Command(program)
	child.Args[0] = "terminal-guard"
	kind := mainScreen
	if alternate {
		kind = alternateScreen
	}
	child.Env = append(os.Environ(), variable+"="+kind+state)
	child.Stdin, child.Stdout = r, terminal
	child.SysProcAttr = ownGroup
	if err := child.Start(); err != nil {
		w.Close()
		return nil, err
	}
	debug.SetCrashOutput(w, debug.CrashOptions{})
	return &Guard{w, child}, nil
}

// SetActive says whether this process has changed the modes of the terminal.
func (g *Guard) SetActive(on bool) {
	if g == nil {
		return
	}
	state := byte(idle)
	if on {
		state = active
	}
	g.pipe.Write([]byte{state}) // without a guard nothing can be done
}

// Close ends the guard, and waits for it. The terminal stays as it is.
func (g *Guard) Close() {
	if g == nil {
		return
	}
	g.SetActive(false)
	debug.SetCrashOutput(nil, debug.CrashOptions{})
	g.pipe.Close()
	g.child.Wait()
}

// Main returns false at once if this process is no guard. In a guard it returns true when the work is done, and
// the program must exit.
func Main() bool {
	kind, state, ok := strings.Cut(os.Getenv(variable), " ")
	if !ok {
		return false
	}
	ignoreSignals()
	written, _ := io.ReadAll(os.Stdin)
	if crash, changed := left(written); changed {
		restore(os.Stdout, state)
		reset(os.Stdout, kind+" " == alternateScreen)
		os.Stdout.Write(crash)
	}
	return true
}

// left returns what the runtime wrote last, and whether the terminal has to be restored.
func left(written []byte) (crash []byte, changed bool) {
	i := bytes.LastIndexAny(written, string([]byte{idle, active}))
	return written[i+1:], i >= 0 && written[i] == active
}

// reset ends the modes that a terminal may be in.
func reset(w io.Writer, alternate bool) {
	const (
		keyboard = "\x1b[>4m\x1b[<u"                              // modifyOtherKeys and the protocol of kitty
		mouse    = "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l" // and its extended coordinates
		paste    = "\x1b[?2004l"
		focus    = "\x1b[?1004l"
		updates  = "\x1b[?2026l" // synchronized output
		clusters = "\x1b[?2027l" // widths of grapheme clusters
		leave    = "\x1b[?1049l" // the alternate screen
		cursor   = "\x1b[?25h"
		plain    = "\x1b[m"
	)
	sequences := keyboard + mouse + paste + focus + updates + clusters
	if alternate {
		sequences += leave
	}
	io.WriteString(w, sequences+cursor+plain+RestoreTitle+"\r\n")
}
