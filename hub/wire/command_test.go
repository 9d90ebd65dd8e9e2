package wire

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestHelp checks that every command is in the help and can be said after a second slash.
func TestHelp(t *testing.T) {
	help := strings.Join(HelpLines(), "\n")
	for _, name := range []string{"nick", "me", "join", "who", "rooms", "msg", "history", "since", "search", "format", "verbatim", "help", "quit"} {
		if !strings.Contains(help, "/"+name) {
			t.Errorf("no /%s in the help", name)
		}
		if _, bad := ParseText("/"+name, false); bad != nil && bad.Code == CodeUnknownCommand {
			t.Errorf("/%s is unknown", name)
		}
		if q, _ := ParseText("//"+name, false); q == nil || q.Verb != VerbSay || q.Text != "/"+name {
			t.Errorf("//%s does not say it: %+v", name, q)
		}
	}
}

// TestCommandsDocumented checks that the first column of the table of commands in
// docs/protocol.md has the usage of every command, in the order of /help.
func TestCommandsDocumented(t *testing.T) {
	const page = "../../docs/protocol.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "| command | what it does |\n|---|---|\n")
	if !found {
		t.Fatalf("no table of commands in %s", page)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	var documented []string
	cells := regexp.MustCompile("(?m)^\\| (`.*?`) \\| ").FindAllStringSubmatch(table, -1)
	for _, cell := range cells {
		for _, usage := range regexp.MustCompile("`(.+?)`").FindAllStringSubmatch(cell[1], -1) {
			documented = append(documented, strings.ReplaceAll(usage[1], `\|`, "|"))
		}
	}
	var want []string
	for i := range commands {
		if c := &commands[i]; c.isNamed() {
			want = append(want, c.usage())
		}
	}
	if !slices.Equal(documented, want) {
		t.Errorf("%s has the commands\n%q\nwant\n%q", page, documented, want)
	}
}
