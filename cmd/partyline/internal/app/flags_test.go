package app

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// anyText lists the flags that accept any text, which is checked only when it is used.
var anyText = map[string][]string{
	"partyline": {"config", "tcp", "http", "admin", "http-redirect", "tls-cert", "tls-key", "acme-dir", "data", "nats-creds", "nats-ca"},
	"doctor":    {"connect", "tcp", "nats-creds", "nats-ca"},
	"bench":     {"format", "room", "addr", "url", "plot"},
	"send":      {"nick", "room"},
	"talk":      {"nick", "room"},
	"export":    {"data", "nats-creds", "nats-ca", "room"},
	"import":    {"data", "nats-creds", "nats-ca"},
	"verify":    {"data", "nats-creds", "nats-ca"},
	"vacuum":    {"data"},
}

// eachFlag calls f with each flag that checks its text, and with its command.
func eachFlag(f func(*cobra.Command, *pflag.Flag)) {
	root := newCommand("test")
	for _, c := range append(append(root.Commands(), root), child(root, "history").Commands()...) {
		if c.Name() == "config" { // has the flags of root
			continue
		}
		c.Flags().VisitAll(func(flag *pflag.Flag) {
			if flag.Name != "help" && !slices.Contains(anyText[c.Name()], flag.Name) {
				f(c, flag)
			}
		})
	}
}

// child returns a command below another one.
func child(c *cobra.Command, name string) *cobra.Command {
	found, _, _ := c.Find([]string{name})
	return found
}

// setFlag sets a flag as on a command line.
func setFlag(c *cobra.Command, flag, text string) error {
	return c.FlagErrorFunc()(c, c.ParseFlags([]string{"--" + flag + "=" + text}))
}

var ofLibrary = regexp.MustCompile(`strconv|parsing|invalid|syntax|out of range`)

// TestWrongFlags gives each flag invalid values, on the command line and by the environment. The
// error names the flag or the variable, and says which values are valid.
func TestWrongFlags(t *testing.T) {
	n := 0
	eachFlag(func(c *cobra.Command, f *pflag.Flag) {
		n++
		wrong := []string{"a/b", "a b", "\x1b[m", "\u00fc"}
		switch f.Value.Type() {
		case "int":
			wrong = append(wrong, "", "x", "1x", "1,000", "-1", "1.5", "99999999999999999999999")
		case "float", "duration", "size":
			wrong = append(wrong, "", "x", "1x", "1,000", "-1", "NaN", "Inf", "1e", "1e999")
		}
		for _, text := range wrong {
			quoted := regexp.QuoteMeta(fmt.Sprintf("%q", text))
			check := func(err error, name string) {
				if err == nil || !regexp.MustCompile(`^`+name+quoted+` is not .*[a-z]`).MatchString(err.Error()) || ofLibrary.MatchString(err.Error()) {
					t.Errorf("%s%q: %v", name, text, err)
				}
			}
			check(setFlag(c, f.Name, text), "--"+f.Name+" ")
			if c.HasParent() {
				continue
			}
			_, err := fromEnvironment(newCommand("test").Flags(), func(name string) (string, bool) {
				return text, name == variable(f.Name)
			})
			check(err, variable(f.Name)+"=")
		}
	})
	if n < 30 {
		t.Errorf("there are %d flags", n)
	}
}

// TestFlagBounds gives each flag for a whole number the bounds that its error names, and the
// numbers just outside them.
func TestFlagBounds(t *testing.T) {
	eachFlag(func(c *cobra.Command, f *pflag.Flag) {
		if f.Value.Type() != "int" || f.Name == "messages" { // its upper bound is that of its type
			return
		}
		var least, most int64
		_, after, _ := strings.Cut(setFlag(c, f.Name, "x").Error(), "between ")
		if _, err := fmt.Sscanf(after, "%d and %d", &least, &most); err != nil {
			t.Fatalf("--%s: %v", f.Name, err)
		}
		for n, want := range map[int64]bool{least - 1: false, least: true, most: true, most + 1: false} {
			if err := setFlag(c, f.Name, fmt.Sprint(n)); (err == nil) != want {
				t.Errorf("--%s %d: %v", f.Name, n, err)
			}
		}
	})
}

// TestSizeBounds gives each flag for a size the bounds that its error names, and the sizes one
// byte outside them.
func TestSizeBounds(t *testing.T) {
	n := 0
	eachFlag(func(c *cobra.Command, f *pflag.Flag) {
		if f.Value.Type() != "size" {
			return
		}
		n++
		_, after, _ := strings.Cut(setFlag(c, f.Name, "x").Error(), "between ")
		bounds := strings.Split(after, " and ")
		least, err1 := parseSize(bounds[0], 1)
		most, err2 := parseSize(bounds[1], 1)
		if err1 != nil || err2 != nil {
			t.Fatalf("--%s: %v, %v", f.Name, err1, err2)
		}
		for n, want := range map[int64]bool{least - 1: false, least: true, most: true, most + 1: false} {
			if err := setFlag(c, f.Name, fmt.Sprint(n, "B")); (err == nil) != want {
				t.Errorf("--%s %dB: %v", f.Name, n, err)
			}
		}
	})
	if n != 6 {
		t.Errorf("there are %d flags for sizes", n)
	}
}

// TestSizes parses sizes with and without a unit.
func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{
		"1024": 1 << 20, "1MiB": 1 << 20, "1mib": 1 << 20, "1 MiB": 1 << 20, "1.5MiB": 3 << 19,
		"100KiB": 100 << 10, "1MB": 1_000_000, "65536B": 64 << 10, "1GiB": 1 << 30, "0x40": 64 << 10,
	} {
		l := DefaultConfig().Limits
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		l.AddFlags(f)
		if err := f.Parse([]string{"--window", text}); err != nil || l.Window != want {
			t.Errorf("--window %s is %d, %v, not %d", text, l.Window, err, want)
		}
	}
	for size, want := range map[int64]string{0: "0B", 100: "100B", 4096: "4KiB", 1 << 20: "1MiB", 3 << 19: "1536KiB", 1 << 40: "1024GiB"} {
		if got := formatSize(size); got != want {
			t.Errorf("%d bytes are %s, not %s", size, got, want)
		}
	}
}

// TestFlagDefaults checks that each flag accepts its default.
func TestFlagDefaults(t *testing.T) {
	eachFlag(func(c *cobra.Command, f *pflag.Flag) {
		if err := setFlag(c, f.Name, f.DefValue); err != nil {
			t.Error(err)
		}
	})
}

// TestLists sets a list at once, one element at a time, and with blanks.
func TestLists(t *testing.T) {
	for _, args := range [][]string{
		{"--exempt", "192.0.2.7,2001:db8::/32"},
		{"--exempt", "192.0.2.7", "--exempt", "2001:db8::/32"},
		{"--exempt", " 192.0.2.7, 2001:db8::/32 ", "--exempt="},
	} {
		var l Limits
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		l.AddFlags(f)
		if err := f.Parse(args); err != nil || !slices.Equal(l.Exempt, []string{"192.0.2.7", "2001:db8::/32"}) {
			t.Errorf("%q: %q, %v", args, l.Exempt, err)
		}
	}
}

// TestPingBounds gives --ping its bounds and what is just outside them.
func TestPingBounds(t *testing.T) {
	for text, want := range map[string]bool{"1s": true, "25s": true, "999ms": false, "25001ms": false, "-5s": false} {
		if err := setFlag(newCommand("test"), "ping", text); (err == nil) != want {
			t.Errorf("--ping %s: %v", text, err)
		}
	}
}
