package reference

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"partyline/cmd/partyline/internal/app"
)

var update = flag.Bool("update", false, "write docs/reference.md")

// file is the reference. It describes the program on Linux, which has all commands.
const file = "../../../../docs/reference.md"

// TestReference checks that docs/reference.md is what the commands say.
func TestReference(t *testing.T) {
	want := Markdown(app.Command("test"))
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error(file + " is not what --help prints: run go test ./cmd/partyline/internal/reference -update")
	}
}

// TestAllWords checks that the reference and the man pages contain what --help prints: each word of
// each description, and each flag.
func TestAllWords(t *testing.T) {
	root := app.Command("test")
	man := Man(root, time.Time{})
	markdown := Markdown(root)
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		page := plain(string(man[strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"]))
		var help bytes.Buffer
		c.SetOut(&help)
		c.Help()
		for word := range strings.FieldsSeq(c.Long + " " + c.Example) {
			if !strings.Contains(plain(markdown), plain(word)) {
				t.Errorf("%s: the reference has no %q", c.CommandPath(), word)
			}
			if word = strings.TrimSuffix(word, ":"); !strings.Contains(strings.ToLower(page), strings.ToLower(plain(word))) {
				t.Errorf("%s: the man page has no %q", c.CommandPath(), word)
			}
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if !strings.Contains(help.String(), "--"+f.Name) || !strings.Contains(plain(markdown), plain("--"+f.Name)) {
				t.Errorf("%s: the reference or the help has no --%s", c.CommandPath(), f.Name)
			}
			if c.Name() != "config" && !strings.Contains(page, plain("--"+f.Name)) {
				t.Errorf("%s: the man page has no --%s", c.CommandPath(), f.Name)
			}
		})
		for _, below := range c.Commands() {
			if below.Name() != "help" {
				visit(below)
			}
		}
	}
	visit(root)
}

// plain removes the escapes of Markdown and of roff.
func plain(s string) string {
	return strings.NewReplacer(`\fB`, "", `\fI`, "", `\fP`, "", `\fR`, "", `\&`, "", `\-`, "-", `\e`, "", `\(aq`, "'", `\`, "", "*", "", "&lt;", "<").Replace(s)
}

// TestManPages formats the man pages. groff has no warnings.
func TestManPages(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is missing")
	}
	pages := Man(app.Command("v1.2.3"), time.Date(2030, 1, 2, 0, 0, 0, 0, time.UTC))
	if len(pages) < 8 {
		t.Errorf("there are %d pages", len(pages))
	}
	for name, page := range pages {
		cmd := exec.Command(groff, "-man", "-Tutf8", "-ww", "-rLL=100n", "-P-cbou")
		cmd.Stdin = bytes.NewReader(page)
		var warnings bytes.Buffer
		cmd.Stderr = &warnings
		text, err := cmd.Output()
		if err != nil || warnings.Len() > 0 {
			t.Errorf("%s: %v\n%s", name, err, &warnings)
		}
		for _, want := range []string{"2030-01-02", "partyline v1.2.3", "NAME", "SYNOPSIS", "OPTIONS"} {
			if !bytes.Contains(text, []byte(want)) {
				t.Errorf("%s has no %q:\n%s", name, want, text)
			}
		}
	}
}
