package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// loaded returns the settings from a command line, an environment and the content of a file.
func loaded(t *testing.T, args []string, env map[string]string, source string) (*settings, *pflag.FlagSet, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "partyline.toml")
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSettings("test")
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	s.addFlags(flags)
	if err := flags.Parse(append(args, "--config", path)); err != nil {
		t.Fatal(err)
	}
	err := s.load(flags, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	return s, flags, err
}

// TestConfigOrder sets the same settings in three places. A flag overrides its variable, which
// overrides the file.
func TestConfigOrder(t *testing.T) {
	s, _, err := loaded(t, []string{"--tcp", ":1", "--proxy", "192.0.2.1"},
		map[string]string{"PARTYLINE_TCP": ":2", "PARTYLINE_HTTP": ":2"}, `
tcp = ":3"
http = ":3"
admin = ":3"
proxy = ["192.0.2.3"]
exempt = ["192.0.2.3", "198.51.100.0/24"]
max-line = "8KiB"
window = 128
history = 77
rate = 2.5
ping = "5s"
unix-mode = "0600"
`)
	if err != nil {
		t.Fatal(err)
	}
	if s.TCP != ":1" || s.HTTP != ":2" || s.Admin != ":3" {
		t.Errorf("the addresses are %s, %s and %s", s.TCP, s.HTTP, s.Admin)
	}
	if !slices.Equal(s.Limits.Proxies, []string{"192.0.2.1"}) || !slices.Equal(s.Limits.Exempt, []string{"192.0.2.3", "198.51.100.0/24"}) {
		t.Errorf("the lists are %q and %q", s.Limits.Proxies, s.Limits.Exempt)
	}
	if s.Limits.MaxLine != 8192 || s.Limits.Window != 128<<10 || s.History.Messages != 77 || s.Limits.Rate != 2.5 || s.Ping != 5*time.Second || s.UnixMode != 0o600 {
		t.Errorf("the settings are %+v", s.Config)
	}
	for flag, want := range map[string]string{"tcp": "--tcp", "http": "PARTYLINE_HTTP", "data": "--data"} {
		if got := s.source(flag); got != want {
			t.Errorf("--%s comes from %s, not %s", flag, got, want)
		}
	}
	if got := s.source("admin"); !strings.HasSuffix(got, "partyline.toml:4: admin") {
		t.Errorf("--admin comes from %s", got)
	}
}

// TestConfigErrors reads files with mistakes. Each error has the line, and the nearest setting.
func TestConfigErrors(t *testing.T) {
	for source, want := range map[string]string{
		"tcp = \":1\"\nmaxline = 8":                ":2: there is no setting maxline: did you mean max-line?",
		"zzzzzz = 8":                               ":1: there is no setting zzzzzz",
		"\n[limits]\nrate = 3":                     ":2: there is no setting limits",
		"\n[tcp]\nrate = 3":                        ":2: tcp is not a text, a number, true, false or a list of texts",
		"help = true":                              ":1: there is no setting help",
		"config = \"x\"":                           ":1: there is no setting config",
		"max-line = \"8\"\n":                       `:1: max-line = "8" is not a size between 16B and 1MiB`,
		"rate = \"fast\"":                          `:1: rate = "fast" is not a number of at least 0`,
		"ping = 5":                                 `:1: ping = "5" is not a duration between 1s and 25s`,
		"proxy = [\"nowhere\"]":                    `:1: proxy = "nowhere" is not a list of networks: "nowhere" is not a network like 192.0.2.0/24, an address or unix`,
		"proxy = [1]":                              ":1: proxy is not a text, a number, true, false or a list of texts",
		"tcp = \":1\"\ntcp = \":2\"":               ":2: Key 'tcp' has already been defined.",
		"tcp = :1":                                 ":1: ",
		"http = \"\"\ntcp = \"\"":                  "both listeners are off: give --tcp or --http an address",
		"\ntls-cert = \"chain.pem\"":               ":2: tls-cert needs --tls-key, the file with its private key",
		"\"max-line\" = 3\n":                       `:1: max-line = "3" is not a size between 16B and 1MiB`,
		"# max-line = 1\n\n max-line\t= 3":         `:3: max-line = "3" is not a size between 16B and 1MiB`,
		"rate = 3\n# tcp\n\nhistory = 99999999999": `:4: history = "99999999999" is not a whole number between 0 and 2147483647`,
	} {
		_, _, err := loaded(t, nil, nil, source)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", source, err)
		}
	}
	if _, err := readConfig(t.TempDir() + "/none"); err == nil {
		t.Error("a file that is not there is read")
	}
}

// TestPrintConfig prints settings. The output is a file that gives the same settings.
func TestPrintConfig(t *testing.T) {
	s, flags, err := loaded(t, []string{"--origin", "https://a.example,https://b.example", "--tcp", "unix:/a \"b\\c"},
		map[string]string{"PARTYLINE_RATE": "0.5"}, "window = 128")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := printConfig(&b, flags, s.set); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# A change needs SIGHUP.\n# From: --origin\norigin = [\"https://a.example\", \"https://b.example\"]\n",
		"# From: PARTYLINE_RATE\nrate = 0.5\n", "partyline.toml:1\nwindow = \"128KiB\"\n", "# A change needs a restart.\n# From: the default\nhistory = 1000\n",
		"tcp = \"unix:/a \\\"b\\\\c\"\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q in\n%s", want, &b)
		}
	}
	for line := range strings.Lines(b.String()) {
		if len(line) > commentWidth+3 {
			t.Errorf("a long line: %q", line)
		}
	}
	again, _, err := loaded(t, nil, nil, b.String())
	if err != nil {
		t.Fatal(err)
	}
	again.set, s.set = nil, nil
	if got, want := fmt.Sprintf("%+v", again.Config), fmt.Sprintf("%+v", s.Config); got != want {
		t.Errorf("the settings are\n%s, not\n%s", got, want)
	}
}

// FuzzParseConfig parses any file. An error is one line that starts with the name of the file.
func FuzzParseConfig(f *testing.F) {
	for _, s := range []string{"tcp = \":1\"\n", "[a]\nb = 1", "proxy = [\"unix\"]", "a.b = 2", "a = 1979-05-27T07:32:00Z", "x = [[1]]", "\"\" = 1", "a = \"\"\"\nb = 1\"\"\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		c, err := parseConfig("f.toml", source)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f.toml:") || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is %q", err)
			}
			return
		}
		s := newSettings("test")
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		s.addFlags(flags)
		lines := strings.Count(source, "\n") + 1
		for _, e := range c.entries {
			if e.line < 1 || e.line > lines {
				t.Errorf("line %d of %d", e.line, lines)
			}
		}
		c.apply(flags, make(map[string]string))
	})
}
