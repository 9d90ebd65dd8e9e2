package operate

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	p := harness.StartPartyline(t, nil, "--version")
	if code := p.ExitCode(t, harness.Patience); code != 0 {
		t.Errorf("exit code %d", code)
	}
	want := regexp.MustCompile(`^partyline version ` + harness.Version + ` \(commit \S+, ` + runtime.Version() + `, ` + runtime.GOOS + `/` + runtime.GOARCH + `\)$`)
	if lines, _ := p.Out.Rest(t); len(lines) != 1 || !want.MatchString(lines[0]) {
		t.Errorf("it prints %q", lines)
	}
}

// TestInvalidConfiguration starts the program with a configuration that is wrong. It prints the reason in one
// line and exits with status 1.
func TestInvalidConfiguration(t *testing.T) {
	t.Parallel()
	taken := harness.OccupiedAddr(t)
	for name, c := range map[string]struct {
		variables, args []string
		want            string
	}{
		"taken TCP port":          {nil, []string{"--tcp", taken, "--http", "127.0.0.1:0"}, `--tcp ` + taken + ` is taken.*`},
		"taken HTTP port":         {nil, []string{"--tcp", "127.0.0.1:0", "--http", taken}, `--http ` + taken + ` is taken.*`},
		"no such flag":            {nil, []string{"--nonsense"}, `.*--nonsense.*`},
		"an argument":             {nil, []string{"lobby"}, `.*"lobby".*`},
		"not a number":            {nil, []string{"--max-line", "x"}, `--max-line "x" is not .*`},
		"out of bounds":           {nil, []string{"--max-line", "1"}, `.*--max-line.*16B.*1MiB.*`},
		"no rate":                 {nil, []string{"--rate", "-1"}, `--rate .*at least 0`},
		"no burst":                {nil, []string{"--burst", "0"}, `--burst .*1 and .*`},
		"a small window":          {nil, []string{"--window", "63"}, `--window .*64KiB and .*`},
		"not a network":           {nil, []string{"--exempt", "nonsense"}, `--exempt .*"nonsense" .*192.0.2.0/24.*`},
		"not a proxy":             {nil, []string{"--proxy", "192.0.2.0/99"}, `--proxy .*"192.0.2.0/99" is not .*`},
		"not a time":              {nil, []string{"--drain", "5"}, `--drain "5" is not .*`},
		"not an address":          {nil, []string{"--tcp", "nonsense"}, `--tcp nonsense: .*`},
		"not a mode":              {nil, []string{"--unix-mode", "0888"}, `--unix-mode "0888" is not an octal mode .*`},
		"no socket of systemd":    {nil, []string{"--tcp", "fd:chat"}, `--tcp fd:chat: the program has inherited no sockets: .*`},
		"no path":                 {nil, []string{"--tcp", "", "--http", "unix:"}, `--http unix:: there is no path: .*`},
		"no socket":               {nil, []string{"--tcp", "unix:/dev/null"}, `--tcp unix:/dev/null: .* is no socket, .*`},
		"not a host":              {nil, []string{"--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--host", "https://example.org"}, `.*--host.*"https://example.org".*`},
		"not an origin":           {nil, []string{"--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--origin", "example.org"}, `.*--origin.*"example.org".*`},
		"no such level":           {nil, []string{"--log-level", "loud"}, `.*--log-level.*"loud".*`},
		"no such format":          {nil, []string{"--log-format", "xml"}, `.*--log-format.*"xml".*`},
		"no listener":             {nil, []string{"--tcp", "", "--http", ""}, `.*--tcp or --http.*`},
		"bad variable":            {[]string{"PARTYLINE_MAX_LINE=x"}, nil, `PARTYLINE_MAX_LINE="x" is not .*`},
		"empty variable":          {[]string{"PARTYLINE_RATE="}, nil, `PARTYLINE_RATE="" is not a number of at least 0`},
		"no listener by variable": {[]string{"PARTYLINE_TCP=", "PARTYLINE_HTTP="}, nil, `.*--tcp or --http.*`},
		"taken by variable":       {[]string{"PARTYLINE_TCP=127.0.0.1:0", "PARTYLINE_HTTP=" + taken}, nil, `PARTYLINE_HTTP ` + taken + ` is taken.*`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := harness.StartPartyline(t, c.variables, c.args...)
			if code := p.ExitCode(t, harness.Patience); code != 1 {
				t.Errorf("exit code %d", code)
			}
			lines, _ := p.Err.Rest(t)
			if len(lines) != 1 || !regexp.MustCompile("^partyline: "+c.want+"$").MatchString(lines[0]) {
				t.Errorf("it prints\n\t%s\nwant one line like %q", strings.Join(lines, "\n\t"), c.want)
			}
			if lines, _ := p.Out.Rest(t); len(lines) > 0 {
				t.Errorf("it prints %q", lines)
			}
		})
	}
}

// TestListenAllOrNone listens on two addresses, one of which is in use. Listen fails and releases the
// other one.
func TestListenAllOrNone(t *testing.T) {
	taken, free := harness.OccupiedAddr(t), harness.FreeAddr(t)
	if _, err := app.Listen(app.Config{TCP: free, HTTP: taken}); err == nil {
		t.Fatal("Listen succeeds on an address that is in use")
	}
	if harness.Accepts(free) {
		t.Error("the other address is still open")
	}
}

// TestEnvironment sets a value by an environment variable, and by a variable and a flag. The flag
// takes precedence.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	variables := []string{"PARTYLINE_TCP=127.0.0.1:0", "PARTYLINE_HTTP=", "PARTYLINE_MAX_LINE=64"}
	for args, limit := range map[string]int{"": 64, "--max-line=128": 128} {
		p := harness.StartPartyline(t, variables, strings.Fields(args)...)
		c := harness.DialText(t, harness.ExpectLine(t, p.Err, harness.TCPListening)[0])
		c.Say(t, strings.Repeat("a", limit+1))
		harness.ExpectLine(t, c.Out, fmt.Sprintf("! .*at most %d bytes", limit))
		c.Say(t, strings.Repeat("b", limit))
		harness.ExpectLine(t, c.Out, `\S+: b+`)
	}
}

// TestListenersOff turns one listener off. The log does not mention it, and the other listener works.
func TestListenersOff(t *testing.T) {
	t.Parallel()
	t.Run("tcp", func(t *testing.T) {
		p := harness.StartPartyline(t, nil, "--tcp", "", "--http", "127.0.0.1:0")
		res, err := http.Get("http://" + harness.ExpectLine(t, p.Err, harness.HTTPListening)[0])
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if body, _ := io.ReadAll(res.Body); !strings.Contains(string(body), "<title>partyline</title>") {
			t.Errorf("the page is %q", body)
		}
		if n := p.Err.Count(regexp.MustCompile("listening tcp=").MatchString); n > 0 {
			t.Error("the other listener is open too")
		}
	})
	t.Run("http", func(t *testing.T) {
		p := harness.StartPartyline(t, nil, "--tcp", "127.0.0.1:0", "--http", "")
		addr := harness.ExpectLine(t, p.Err, harness.TCPListening)[0]
		harness.ExpectLine(t, harness.DialText(t, addr).Out, harness.WelcomeLine)

		// A browser that connects to the TCP listener receives an error.
		c := harness.DialText(t, addr)
		c.Say(t, "GET / HTTP/1.1")
		harness.ExpectLine(t, c.Out, "! .*no web page.*")
		if n := p.Err.Count(regexp.MustCompile("listening http=").MatchString); n > 0 {
			t.Error("the other listener is open too")
		}
	})
}
