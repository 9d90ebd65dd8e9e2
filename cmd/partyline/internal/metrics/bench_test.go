package metrics

import (
	"testing"
	"time"
)

// BenchmarkMessage measures what is added to a message that has a sweep of its own: two times are
// taken for the sweep.
func BenchmarkMessage(b *testing.B) {
	m := New("dev")
	for b.Loop() {
		m.Committed(1000)
		start := time.Now()
		m.Swept(time.Since(start), time.Microsecond)
	}
}
