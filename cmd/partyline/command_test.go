package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// partyline runs the program with an environment of its own: variables are NAME=value.
func partyline(t *testing.T, variables []string, args ...string) *process {
	t.Helper()
	return startCommand(t, partylineCommand(t, variables, args...))
}

func partylineCommand(t *testing.T, variables []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PARTYLINE_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(append(cmd.Env, asProgram+"=1"), variables...)
	return cmd
}

// What the program logs when a door is open, with its address.
const (
	lineOpen = `.*msg="line open" tcp=(\S+) .*`
	pageOpen = `.*msg="page open" http=(\S+) .*`
)

func TestVersion(t *testing.T) {
	p := partyline(t, nil, "--version")
	if code := p.exitCode(t, patience); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if lines, _ := p.out.rest(t); len(lines) != 1 || lines[0] != "partyline "+version {
		t.Errorf("it prints %q", lines)
	}
}

// TestRefusals starts the program in ways that can't work: it says why in one line, exits
// with 1 and has opened nothing.
func TestRefusals(t *testing.T) {
	taken := listenSomewhere(t)
	for name, c := range map[string]struct {
		variables, args []string
		says            string
	}{
		"taken TCP port":    {nil, []string{"--tcp", taken, "--http", "127.0.0.1:0"}, `--tcp ` + taken + ` is taken.*`},
		"taken HTTP port":   {nil, []string{"--tcp", "127.0.0.1:0", "--http", taken}, `--http ` + taken + ` is taken.*`},
		"no such flag":      {nil, []string{"--nonsense"}, `.*--nonsense.*`},
		"an argument":       {nil, []string{"lobby"}, `.*"lobby".*`},
		"not a number":      {nil, []string{"--max-line", "x"}, `--max-line "x" is not .*`},
		"out of bounds":     {nil, []string{"--max-line", "1"}, `.*--max-line.*16.*1048576.*`},
		"no rate":           {nil, []string{"--rate", "-1"}, `--rate .*from 0 on`},
		"no burst":          {nil, []string{"--burst", "0"}, `--burst .*1 and .*`},
		"a small window":    {nil, []string{"--window", "63"}, `--window .*64 and .*`},
		"not a network":     {nil, []string{"--exempt", "nonsense"}, `--exempt .*"nonsense" .*192.0.2.0/24.*`},
		"not a proxy":       {nil, []string{"--proxy", "192.0.2.0/99"}, `--proxy .*"192.0.2.0/99" is not .*`},
		"not a time":        {nil, []string{"--drain", "5"}, `--drain "5" is not .*`},
		"not an address":    {nil, []string{"--tcp", "nonsense"}, `--tcp nonsense: .*`},
		"not a host":        {nil, []string{"--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--host", "https://example.org"}, `.*--host.*"https://example.org".*`},
		"not an origin":     {nil, []string{"--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--origin", "example.org"}, `.*--origin.*"example.org".*`},
		"no such level":     {nil, []string{"--log-level", "loud"}, `.*--log-level.*"loud".*`},
		"no such format":    {nil, []string{"--log-format", "xml"}, `.*--log-format.*"xml".*`},
		"no door":           {nil, []string{"--tcp", "", "--http", ""}, `.*--tcp or --http.*`},
		"bad variable":      {[]string{"PARTYLINE_MAX_LINE=x"}, nil, `PARTYLINE_MAX_LINE="x" is not .*`},
		"empty variable":    {[]string{"PARTYLINE_RATE="}, nil, `PARTYLINE_RATE="" is not a number from 0 on`},
		"variable no door":  {[]string{"PARTYLINE_TCP=", "PARTYLINE_HTTP="}, nil, `.*--tcp or --http.*`},
		"taken by variable": {[]string{"PARTYLINE_TCP=127.0.0.1:0", "PARTYLINE_HTTP=" + taken}, nil, `--http ` + taken + ` is taken.*`},
	} {
		t.Run(name, func(t *testing.T) {
			p := partyline(t, c.variables, c.args...)
			if code := p.exitCode(t, patience); code != 1 {
				t.Errorf("exit code %d", code)
			}
			lines, _ := p.err.rest(t)
			if len(lines) != 1 || !regexp.MustCompile("^partyline: "+c.says+"$").MatchString(lines[0]) {
				t.Errorf("it says\n\t%s\nand not one line like %q", strings.Join(lines, "\n\t"), c.says)
			}
			if lines, _ := p.out.rest(t); len(lines) > 0 {
				t.Errorf("it prints %q", lines)
			}
		})
	}
}

// listenSomewhere takes a port for the time of the test.
func listenSomewhere(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// TestBindAll can have one of two addresses only: it takes neither.
func TestBindAll(t *testing.T) {
	taken, free := listenSomewhere(t), freeAddr(t)
	if _, err := listen(config{tcp: free, http: taken}); err == nil {
		t.Fatal("it listens where somebody else does")
	}
	if answers(free) {
		t.Error("it still has the other address")
	}
}

// TestEnvironment sets a flag by the environment, and by both.
func TestEnvironment(t *testing.T) {
	variables := []string{"PARTYLINE_TCP=127.0.0.1:0", "PARTYLINE_HTTP=", "PARTYLINE_MAX_LINE=64"}
	for args, limit := range map[string]int{"": 64, "--max-line=128": 128} {
		p := partyline(t, variables, strings.Fields(args)...)
		c := call(t, expectLine(t, p.err, lineOpen)[0])
		c.say(t, strings.Repeat("a", limit+1))
		expectLine(t, c.out, fmt.Sprintf("! .*at most %d bytes", limit))
		c.say(t, strings.Repeat("b", limit))
		expectLine(t, c.out, `\S+: b+`)
	}
}

// TestDoorsOff turns one door off: nothing is said of it, and the other one works.
func TestDoorsOff(t *testing.T) {
	t.Run("tcp", func(t *testing.T) {
		p := partyline(t, nil, "--tcp", "", "--http", "127.0.0.1:0")
		res, err := http.Get("http://" + expectLine(t, p.err, pageOpen)[0])
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if body, _ := io.ReadAll(res.Body); !strings.Contains(string(body), "<title>partyline</title>") {
			t.Errorf("the page is %q", body)
		}
		if n := p.err.count(regexp.MustCompile("line open").MatchString); n > 0 {
			t.Error("it opened the other door too")
		}
	})
	t.Run("http", func(t *testing.T) {
		p := partyline(t, nil, "--tcp", "127.0.0.1:0", "--http", "")
		addr := expectLine(t, p.err, lineOpen)[0]
		expectLine(t, call(t, addr).out, welcomed)

		// A browser that strays to this door is told that there is no other.
		c := call(t, addr)
		c.say(t, "GET / HTTP/1.1")
		expectLine(t, c.out, "! .*no web page.*")
		if n := p.err.count(regexp.MustCompile("page open").MatchString); n > 0 {
			t.Error("it opened the other door too")
		}
	})
}
