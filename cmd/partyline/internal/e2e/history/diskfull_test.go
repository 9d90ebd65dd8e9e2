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
)

// TestDiskFull talks on a disk without place: every message is refused in words and heard
// by nobody, all else goes on, and when there is place again so does talk.
func TestDiskFull(t *testing.T) {
	harness.Long(t)
	t.Parallel()
	disk := smallDisk(t)
	p, d := talkOn(t, disk, 5)
	ballast := filepath.Join(disk, "ballast")
	began := time.Now()
	for acked := true; acked || time.Since(began) < 2*time.Second; {
		fillUp(t, ballast) // again and again: what the log held becomes free
		if acked = d.say(t); time.Since(began) > harness.Patience {
			t.Fatal("the disk is full, and all is acknowledged")
		}
	}
	d.checkLife(t, p)

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	d.recover(t)
	if text := d.refused[0].Text; !d.again(t, text) {
		t.Errorf("%q, said again, is refused again", text)
	}
	d.checkLog(t, p, disk)
	checkTrouble(t, p, 30) // the log, cut, may have made place for one more
}

// smallDisk returns a folder that is a disk of 1 MB.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("no disk may be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillUp appends to a file until its disk is full.
func fillUp(t *testing.T, file string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}
