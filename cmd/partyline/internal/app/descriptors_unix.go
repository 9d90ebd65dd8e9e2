//go:build unix && !portable

package app

import (
	"math"
	"syscall"
)

// descriptors returns how many file descriptors the process may open, or 0 for no limit. It
// returns the soft limit, which the runtime has raised to the hard limit.
func descriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || uint64(limit.Cur) > math.MaxInt32 {
		return 0
	}
	return int(limit.Cur)
}
