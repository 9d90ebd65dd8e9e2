package sqlite

import (
	"testing"
	"testing/synctest"
	"time"
)

// Each kind of failure is logged once a minute, independently of others.
func TestLogLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l logLimiter
		for range 2 {
			for _, hint := range []string{"full", "gone"} {
				if !l.allow(hint) {
					t.Errorf("%s is not logged at first", hint)
				}
				if l.allow(hint) {
					t.Errorf("%s is logged again", hint)
				}
			}
			time.Sleep(logEvery - time.Nanosecond)
			if l.allow("full") {
				t.Error("a failure is logged again too early")
			}
			time.Sleep(time.Nanosecond)
		}
	})
}
