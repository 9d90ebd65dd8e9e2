//go:build linux

package load

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// TestReport checks the report as JSON, as a table, and as SVG.
func TestReport(t *testing.T) {
	rep := runOn(t, "partyline", Plan{TCP: 10, Talkers: 2, Window: 4, Messages: 100})
	out, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(out, &fields); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"plan.tcp", "plan.talkers", "members", "arrival_seconds", "seconds", "messages", "deliveries", "messages_per_second",
		"deliveries_per_second", "latency.p50_us", "latency.p99_us", "latency.p999_us", "latency.max_us", "server.cpu_us_per_delivery",
		"server.memory_idle", "server.memory_peak", "server.memory_per_member", "faults.lost", "faults.doubled", "faults.disordered", "gone", "series",
	} {
		var v any = fields
		for name := range strings.SplitSeq(path, ".") {
			object, _ := v.(map[string]any)
			v = object[name]
		}
		if v == nil {
			t.Errorf("no %s in %s", path, out)
		}
	}
	var table bytes.Buffer
	if err := rep.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"10 members over TCP", "p99.9", "KB per member", "none: every member"} {
		if !strings.Contains(table.String(), part) {
			t.Errorf("no %q in\n%s", part, &table)
		}
	}
	x := xml.NewDecoder(bytes.NewReader(rep.svg()))
	for err == nil {
		_, err = x.Token()
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("not XML: %v\n%s", err, rep.svg())
	}
	rep.Faults.Lost = 3
	if err := rep.Err(); err == nil || !strings.Contains(err.Error(), "3 lost") {
		t.Errorf("the error of 3 lost messages is %v", err)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -100: "-100", -1000: "-1,000"} {
		if got := count(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
