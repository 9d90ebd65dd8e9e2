package hubtest

import (
	"fmt"
	"syscall"
	"testing"
)

// SmallDisk mounts a file system of 1 MiB and returns its directory. It skips the test if that is not
// permitted.
func SmallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	MountDisk(t, dir, 1<<20)
	return dir
}

// MountDisk mounts a file system of a size in bytes in a directory. It skips the test if that is not permitted. resize
// changes the size.
func MountDisk(t *testing.T, dir string, size int) (resize func(size int)) {
	t.Helper()
	mount := func(flags uintptr, size int) error {
		return syscall.Mount("tmpfs", dir, "tmpfs", flags, fmt.Sprint("size=", size))
	}
	if err := mount(0, size); err != nil {
		t.Skipf("can't mount a file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return func(size int) {
		if err := mount(syscall.MS_REMOUNT, size); err != nil {
			t.Fatal(err)
		}
	}
}
