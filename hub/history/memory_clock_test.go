package history

import (
	"testing"
	"time"
	"unsafe"
)

// setAhead returns what time.Now would have returned at the time at, had the wall clock been set
// ahead by d, in whole seconds. The monotonic clock reading, which only package time can change,
// stays the same.
func setAhead(t *testing.T, at time.Time, d time.Duration) time.Time {
	t.Helper()
	set := at
	// In a time with a monotonic clock reading the seconds start at bit 30 of the first word.
	*(*uint64)(unsafe.Pointer(&set)) += uint64(d/time.Second) << 30
	if set.Round(0).Sub(at.Round(0)) != d || set.Sub(at) != 0 {
		t.Fatalf("%v is not %v set ahead by %v", set, at, d)
	}
	return set
}

// Setting the wall clock, ahead or back, changes neither the age of messages nor the age of
// keys: the monotonic clock counts.
func TestMemoryClock(t *testing.T) {
	const age = time.Hour
	for _, d := range []time.Duration{-48 * time.Hour, 48 * time.Hour} {
		j := NewMemory(Retention{Messages: 1, Age: age})
		j.append("r", "gone")
		j.append("r", "kept")
		r := j.rooms["r"]
		gone, kept := j.keys.start.Add(j.keys.old.At(0).at), r.messages.At(0).At
		for _, now := range []time.Time{gone, gone.Add(KeyLife - 1)} {
			if _, ok := j.keys.find(j.keys.hash("r", "gone"), setAhead(t, now, d)); !ok {
				t.Errorf("after %v and the clock set by %v, a key is forgotten", now.Sub(gone), d)
			}
		}
		if _, ok := j.keys.find(j.keys.hash("r", "gone"), setAhead(t, gone.Add(KeyLife), d)); ok {
			t.Errorf("after the clock was set by %v, an old key is known", d)
		}
		for _, now := range []time.Time{kept, kept.Add(age)} {
			if n := j.count(r, setAhead(t, now, d)); n != 1 {
				t.Errorf("after %v and the clock set by %v, a message is deleted", now.Sub(kept), d)
			}
		}
		if n := j.count(r, setAhead(t, kept.Add(age+1), d)); n != 0 {
			t.Errorf("after the clock was set by %v, an old message is kept", d)
		}
	}
}
