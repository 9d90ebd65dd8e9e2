//go:build linux

package history

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/hub/hubtest"
)

// TestDiskFull sends messages while the disk is full. Each message is refused with a reason and
// delivered to no client. Everything else works, and messages are accepted again when there is
// free space.
func TestDiskFull(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	disk := hubtest.SmallDisk(t)
	p, pair := startWithMessages(t, disk, 5)
	ballast := filepath.Join(disk, "ballast")
	start := time.Now()
	for acked := true; acked || time.Since(start) < 2*time.Second; {
		fillDisk(t, ballast) // each time, because a checkpoint of the write-ahead log frees space
		if acked = pair.sayNext(t); time.Since(start) > harness.Patience {
			t.Fatal("the disk is full, but all messages are acknowledged")
		}
	}
	unfill := keepFull(t, ballast)
	pair.checkOthersWork(t, p)
	unfill()

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	pair.awaitRecovery(t)
	if text := pair.refused[0].Text; !pair.say(t, text) {
		t.Errorf("%q is refused after the disk recovered", text)
	}
	pair.checkLog(t, p, disk)
	checkDiskLog(t, p, 30) // a truncated write-ahead log may leave space for one more message
}

// keepFull fills the disk of a file again and again, because a checkpoint may free space, until stop is called.
func keepFull(t *testing.T, file string) (stop func()) {
	t.Helper()
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for tick := time.NewTicker(time.Millisecond); ; {
			if err := appendAll(file); err != nil {
				t.Error(err)
				return
			}
			select {
			case <-tick.C:
			case <-end:
				return
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

// fillDisk fills the disk of a file.
func fillDisk(t *testing.T, file string) {
	t.Helper()
	if err := appendAll(file); err != nil {
		t.Fatal(err)
	}
}

// appendAll appends to a file until its disk is full.
func appendAll(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if errors.Is(err, syscall.ENOSPC) {
		return nil
	}
	return err
}
