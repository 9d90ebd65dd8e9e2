//go:build !unix

package socket

import (
	"syscall"
	"time"
)

// past says that all is done by the runtime: the hub's goroutines write, and wait.
const past = false

func trySend(int32, []byte) (int, error) { return 0, syscall.EAGAIN }

func tryReceive(uintptr, []byte) (int, error) { return 0, syscall.EAGAIN }

func readable(uintptr) (bool, error) { return false, nil }

// unacknowledged is unknown on this system: what the kernel took counts as taken.
func unacknowledged(int32) int { return 0 }

// isDead leaves that to the system's own patience.
func isDead(int, time.Duration) bool { return false }
