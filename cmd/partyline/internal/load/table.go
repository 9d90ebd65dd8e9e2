//go:build linux

package load

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteTable writes the report as a table of text.
func (rep *Report) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, name+"\t"+format+"\n", args...) }
	row("work", "%s", rep.Plan.String())
	row("arrival", "%s members in %.2f s", count(int64(rep.Plan.TCP+rep.Plan.WS)), rep.Arrival)
	row("messages/s", "%s", count(int64(rep.MessagesPerSecond)))
	row("deliveries/s", "%s  (%s in %.1f s)", count(int64(rep.DeliveriesPerSecond)), count(rep.Deliveries), rep.Seconds)
	of := "all messages"
	if rep.Latency.OneIn > 1 {
		of = fmt.Sprintf("1 message in %d", rep.Latency.OneIn)
	}
	row("latency", "p50 %s  p99 %s  p99.9 %s  max %s  (%s: %s deliveries)", duration(rep.Latency.P50), duration(rep.Latency.P99),
		duration(rep.Latency.P999), duration(rep.Latency.Max), of, count(rep.Latency.Samples))
	if s := rep.Server; s != nil {
		row("server CPU", "%.3f µs per delivery  (%.2f s in %.1f s)", s.CPUPerDelivery, s.CPUSeconds, rep.Seconds)
		row("server memory", "idle %s  peak %s  %.1f KB per member", size(s.Idle), size(s.Peak), s.PerMember/1e3)
	}
	row("faults", "%s", rep.verdict())
	return t.Flush()
}

// verdict describes the faults.
func (rep *Report) verdict() string {
	if !rep.Faults.Any() && rep.Disconnected == 0 {
		return "none: every member received every message once, in one order"
	}
	return fmt.Sprintf("%s lost, %s duplicated, %s out of order, %s members disconnected",
		count(rep.Faults.Lost), count(rep.Faults.Duplicated), count(rep.Faults.Reordered), count(rep.Disconnected))
}

// Err returns an error if a member did not receive every message once and in order, or was
// disconnected.
func (rep *Report) Err() error {
	if !rep.Faults.Any() && rep.Disconnected == 0 {
		return nil
	}
	return fmt.Errorf("faults: %s", rep.verdict())
}

// String describes the plan in one line.
func (p *Plan) String() string {
	var b strings.Builder
	tcp := "TCP"
	if p.TLS {
		tcp = "TLS"
	}
	for _, g := range []struct {
		n      int
		via    string
		format Format
	}{{p.TCP, tcp, p.TCPFormat}, {p.WS, "WebSocket", p.WSFormat}} {
		if g.n > 0 {
			fmt.Fprintf(&b, "%s members over %s in %s, ", count(int64(g.n)), g.via, g.format)
		}
	}
	if p.Stuck > 0 {
		fmt.Fprintf(&b, "%d that never read, ", p.Stuck)
	}
	if p.Rooms > 1 {
		fmt.Fprintf(&b, "%s rooms, ", count(int64(p.Rooms)))
	}
	fmt.Fprintf(&b, "%s talkers, ", count(int64(p.Talkers)))
	if p.Rate > 0 {
		fmt.Fprintf(&b, "%g messages a second, ", p.Rate)
	} else {
		fmt.Fprintf(&b, "window %d, ", p.Window)
	}
	fmt.Fprintf(&b, "%d bytes", p.Size)
	return b.String()
}

// count formats a number with commas.
func count(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// duration formats microseconds with three significant digits.
func duration(us float64) string {
	d := time.Duration(us * 1e3)
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%.0f µs", us)
	case d < time.Second:
		return fmt.Sprintf("%.*f ms", digitsFor(us/1e3), us/1e3)
	}
	return fmt.Sprintf("%.*f s", digitsFor(us/1e6), us/1e6)
}

// digitsFor returns the number of digits after the decimal point with which x has three
// significant digits, or 0 if x has more.
func digitsFor(x float64) int {
	switch {
	case x < 10:
		return 2
	case x < 100:
		return 1
	}
	return 0
}

// size formats a number of bytes.
func size(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }
