package hub

import (
	"testing"
	"testing/synctest"
	"time"
)

// A room lists a member that lags until it has caught up, or has lagged for maxLagWait.
func TestLaggingMembersAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backpressure{}
		m := &member{}
		expect := func(listed, waitedFor int) {
			t.Helper()
			n := len(b.recentReaders(time.Now()))
			if b.lagging.Len() != listed || (m.out.lagging != nil) != (listed > 0) || n != waitedFor {
				t.Errorf("%d members are listed, %d of them waited for; want %d and %d", b.lagging.Len(), n, listed, waitedFor)
			}
		}
		b.add(m)
		expect(1, 1)
		b.remove(m)
		expect(0, 0)

		b.add(m)
		time.Sleep(recentProgress)
		expect(1, 0)
		time.Sleep(maxLagWait - recentProgress - time.Nanosecond)
		b.progressed(m)
		expect(1, 1)
		time.Sleep(time.Nanosecond)
		b.progressed(m)
		expect(0, 0)
		b.progressed(m)
		b.remove(m)
		expect(0, 0)
	})
}
