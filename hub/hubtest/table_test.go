package hubtest

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table to docs/protocol.md")

// TestTable checks that docs/protocol.md contains the table of docs/inputs.txt.
func TestTable(t *testing.T) {
	const page, start, end = "../../docs/protocol.md", "<!-- table -->\n", "<!-- end of table -->"
	table, err := markdownTable("../../docs/inputs.txt")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), start)
	old, after, ended := strings.Cut(rest, end)
	switch {
	case !ok || !ended:
		t.Fatal("there is no table in " + page)
	case old == table:
	case *update:
		if err := os.WriteFile(page, []byte(before+start+table+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("the table in " + page + " is not that of docs/inputs.txt: run go test ./hub/hubtest -update")
	}
}
