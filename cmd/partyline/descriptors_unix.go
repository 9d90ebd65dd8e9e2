//go:build unix

package main

import (
	"math"
	"syscall"
)

// descriptors returns how many descriptors the program may have, or 0 where that has no
// bound. The runtime has raised the bound as far as it may.
func descriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || uint64(limit.Cur) > math.MaxInt32 {
		return 0
	}
	return int(limit.Cur)
}
