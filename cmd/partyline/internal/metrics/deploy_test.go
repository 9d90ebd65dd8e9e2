package metrics

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestQueries checks that each query of the dashboard and of the alerts names figures that exist, and
// that each figure of the server is in the dashboard.
func TestQueries(t *testing.T) {
	families, err := filled(t).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	exists := make(map[string]bool)
	for _, f := range families {
		exists[f.GetName()] = true
	}
	name := regexp.MustCompile(`\b(?:partyline|process|go)_\w+`)
	used := make(map[string]bool)
	for _, file := range []string{"grafana/partyline.json", "prometheus/partyline.rules.yml", "prometheus/partyline.test.yml"} {
		text, err := os.ReadFile("../../../../deploy/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, ".json") && !json.Valid(text) {
			t.Errorf("%s is not JSON", file)
		}
		for _, n := range name.FindAllString(string(text), -1) {
			base := n
			for _, part := range []string{"_bucket", "_sum", "_count"} {
				base = strings.TrimSuffix(base, part)
			}
			if !exists[n] && !exists[base] {
				t.Errorf("%s: there is no %s", file, n)
			}
			if strings.HasSuffix(file, ".json") {
				used[base] = true
			}
		}
	}
	for n := range exists {
		if strings.HasPrefix(n, namespace) && !used[n] {
			t.Errorf("%s is not in the dashboard", n)
		}
	}
}
