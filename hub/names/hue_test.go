package names

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// hues are those of names on the page.
var hues = map[string]int{
	"": 0, "alice": 317, "Alice": 317, "bob": 216, "guest-x7k2": 218, "李雷": 158, "שרה": 297,
	"Jörg": 171, "Jo\u0308rg": 171, "ΣΊΣΥΦΟΣ": 134, "İstanbul": 204, "ÅNGSTRÖM": 280, "k8s_bot.1": 284,
	"𐐀𐐁": 109, "ẞ": 129, "a-very-long-name-of-thirty-two-c": 176,
}

func TestHue(t *testing.T) {
	for name, want := range hues {
		if got := Hue(name); got != want {
			t.Errorf("the hue of %q is %d, want %d", name, got, want)
		}
	}
}

// TestHueOfPage compares with the page's own function.
func TestHueOfPage(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("the page's JavaScript needs node")
	}
	script, err := os.ReadFile("../../web/static/room/name.js")
	if err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(hues)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "hue.mjs")
	script = append(script, "\nconst names = "+string(list)+";\n"+
		"for (const name in names) names[name] = hue(name);\nconsole.log(JSON.stringify(names));\n"...)
	if err := os.WriteFile(file, script, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), node, file).Output()
	if err != nil {
		t.Fatal(err)
	}
	var onPage map[string]int
	if err := json.Unmarshal(out, &onPage); err != nil {
		t.Fatal(err)
	}
	for name := range hues {
		if got := Hue(name); got != onPage[name] {
			t.Errorf("the hue of %q is %d, on the page it is %d", name, got, onPage[name])
		}
	}
}
