package hubtest

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table into docs/protocol.md")

// TestTable: the page for people holds the table that the doors are tested with.
func TestTable(t *testing.T) {
	const page, begin, end = "../../docs/protocol.md", "<!-- table -->\n", "<!-- end of table -->"
	table, err := Table("../../docs/inputs.txt")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	old, behind, ended := strings.Cut(rest, end)
	switch {
	case !ok || !ended:
		t.Fatal("no table in " + page)
	case old == table:
	case *update:
		if err := os.WriteFile(page, []byte(before+begin+table+end+behind), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Error("the table in " + page + " is not that of docs/inputs.txt: go test ./hub/hubtest -update")
	}
}
