//go:build unix

package talk

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestSpeed measures talk in a pipe: how many lines of 100 bytes a second it says and prints. The server is in a
// process of its own. `make speed` runs it, with the number of lines in the environment variable LINES.
func TestSpeed(t *testing.T) {
	lines, err := strconv.Atoi(os.Getenv("LINES"))
	if err != nil {
		t.Skip("LINES is not set")
	}
	text := strings.Repeat("x", 99) + "\n"
	file := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(file, []byte(strings.Repeat(text, lines)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {"--json"}} {
		name := strings.Join(append([]string{"text"}, args...), " ")
		t.Run("in "+name, func(t *testing.T) { measureIn(t, file, lines, args) })
		t.Run("out "+name, func(t *testing.T) { measureOut(t, text, lines, args) })
	}
}

// report logs the lines a second, and the CPU time of a line in talk and in the server.
func report(t *testing.T, lines int, start time.Time, talk, server *os.ProcessState) {
	elapsed := time.Since(start)
	perLine := func(p *os.ProcessState) time.Duration { return (p.UserTime() + p.SystemTime()) / time.Duration(lines) }
	t.Logf("%.0f lines/s; CPU time of a line: %v in talk, %v in the server", float64(lines)/elapsed.Seconds(), perLine(talk), perLine(server))
}

// measureIn says the lines of a file. Each comes back, and is printed.
func measureIn(t *testing.T, file string, lines int, args []string) {
	s := harness.StartProgram(t, "--rate", "0")
	cmd := talkCommand(t, append([]string{s.TCP}, args...)...)
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	cmd.Stdin = in
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n := countLines(out)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	elapsed := start
	s.Stop(t)
	if n < lines {
		t.Errorf("it printed %d lines of %d", n, lines)
	}
	report(t, lines, elapsed, cmd.ProcessState, s.Cmd.ProcessState)
}

// measureOut prints lines that another member says, over TCP in text.
func measureOut(t *testing.T, text string, lines int, args []string) {
	s := harness.StartProgram(t, "--rate", "0")
	cmd := talkCommand(t, append([]string{s.TCP}, args...)...)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	cmd.Stdin = null
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(out, first); err != nil { // the welcome
		t.Fatal(err)
	}
	talker := harness.Dial(t, s.TCP)
	go io.Copy(io.Discard, talker)
	io.WriteString(talker, "/verbatim\n")
	start := time.Now()
	go func() {
		chunk := bytes.Repeat([]byte(text), 1000)
		for range lines / 1000 {
			talker.Write(chunk)
		}
		io.WriteString(talker, "the end\n")
	}()
	n := 0
	buf := make([]byte, 256<<10)
	for end := false; !end; {
		k, err := out.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		n += bytes.Count(buf[:k], []byte("\n"))
		end = bytes.Contains(buf[max(k-300, 0):k], []byte("the end"))
	}
	elapsed := time.Since(start)
	cmd.Process.Signal(syscall.SIGINT)
	go io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	s.Stop(t)
	if n < lines {
		t.Errorf("it printed %d lines of %d", n, lines)
	}
	report(t, lines, time.Now().Add(-elapsed), cmd.ProcessState, s.Cmd.ProcessState)
}

// countLines returns the number of lines until the end.
func countLines(r io.Reader) (n int) {
	buf := make([]byte, 256<<10)
	for {
		k, err := r.Read(buf)
		n += bytes.Count(buf[:k], []byte("\n"))
		if err != nil {
			return n
		}
	}
}
