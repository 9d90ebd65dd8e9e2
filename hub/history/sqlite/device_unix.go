//go:build unix && !portable

package sqlite

import (
	"os"
	"syscall"
)

// sameDisk reports whether two files are on the same file system.
func sameDisk(a, b os.FileInfo) bool {
	x, ok := a.Sys().(*syscall.Stat_t)
	y, ok2 := b.Sys().(*syscall.Stat_t)
	return ok && ok2 && x.Dev == y.Dev
}
