package talk

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// A screenProgram is a program on a pseudo-terminal. What it writes is read at once, as by a fast terminal, and is
// kept only as far as watch needs it.
type screenProgram struct {
	t    *testing.T
	keys *os.File
	cmd  *exec.Cmd

	mu    sync.Mutex
	mark  []byte         // what the reader looks for; nil for nothing
	last  []byte         // the last bytes read
	found chan time.Time // when the mark was read
	read  int64          // bytes
}

// startOnScreen starts a program on a terminal, waits until it has written a mark, and kills it at the end of the test.
func startOnScreen(t *testing.T, width, height uint16, cmd *exec.Cmd, mark string) *screenProgram {
	t.Helper()
	keys, screen := harness.OpenTerminal(t, width, height)
	defer screen.Close()
	p := &screenProgram{t: t, keys: keys, cmd: cmd, found: make(chan time.Time, 1)}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = screen, screen, screen
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started := p.watch(mark)
	var reading sync.WaitGroup
	reading.Go(p.readScreen)
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		keys.Close()
		reading.Wait()
	})
	started()
	return p
}

// readScreen reads what the program writes, until the terminal is closed.
func (p *screenProgram) readScreen() {
	buf := make([]byte, 64<<10)
	for {
		n, err := p.keys.Read(buf)
		now := time.Now()
		p.mu.Lock()
		p.read += int64(n)
		seen := append(p.last, buf[:n]...)
		if p.mark != nil && bytes.Contains(seen, p.mark) {
			p.mark = nil
			p.found <- now
		}
		p.last = append(p.last[:0], seen[max(len(seen)-256, 0):]...)
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// write types a text.
func (p *screenProgram) write(text string) {
	p.t.Helper()
	if _, err := p.keys.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

// watch looks for a mark in what the program writes from now on. wait returns when it was read.
func (p *screenProgram) watch(mark string) (wait func() time.Time) {
	p.t.Helper()
	p.mu.Lock()
	p.mark, p.last = []byte(mark), p.last[:0]
	p.mu.Unlock()
	return func() time.Time {
		p.t.Helper()
		select {
		case at := <-p.found:
			return at
		case <-time.After(harness.Patience):
			p.mu.Lock()
			defer p.mu.Unlock()
			p.t.Fatalf("%q is not on the screen; the last bytes are %q", mark, p.last)
			return time.Time{}
		}
	}
}

// echo types a text and returns the time until the program has written it.
func (p *screenProgram) echo(text string) time.Duration {
	p.t.Helper()
	wait := p.watch(text)
	start := time.Now()
	p.write(text)
	return wait().Sub(start)
}

// bytes returns how much the program has written.
func (p *screenProgram) bytes() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.read
}

// cpu returns the CPU time that the processes on the terminal have used.
func (p *screenProgram) cpu() (used time.Duration) {
	p.t.Helper()
	names, err := os.ReadDir("/proc")
	if err != nil {
		p.t.Fatal(err)
	}
	for _, name := range names {
		stat, err := os.ReadFile("/proc/" + name.Name() + "/stat")
		if err != nil {
			continue // no process, or it has ended
		}
		_, rest, _ := bytes.Cut(stat, []byte(") ")) // the name of the program may have blanks
		fields := strings.Fields(string(rest))
		if len(fields) < 13 || fields[3] != strconv.Itoa(p.cmd.Process.Pid) { // the session
			continue
		}
		user, err1 := strconv.Atoi(fields[11])
		system, err2 := strconv.Atoi(fields[12])
		if err1 != nil || err2 != nil {
			p.t.Fatalf("/proc/%s/stat: %s", name.Name(), stat)
		}
		used += time.Duration(user+system) * time.Second / 100 // USER_HZ is 100 on all of Go's platforms
	}
	return used
}
