//go:build !unix

package socket

import "syscall"

// past says that all is done by the runtime: the hub's goroutines write, and wait.
const past = false

func trySend(int32, []byte) (int, error) { return 0, syscall.EAGAIN }

func tryReceive(uintptr, []byte) (int, error) { return 0, syscall.EAGAIN }

func readable(uintptr) (bool, error) { return false, nil }

// unacknowledged is unknown on this system: what the kernel took counts as taken.
func unacknowledged(int32) int { return 0 }

// readAcks knows nothing on this system: dead peers are left to the system's own patience.
func readAcks(int) (acks, error) { return acks{}, nil }

// keepUrgent does nothing on this system: urgent data is lost.
func keepUrgent(uintptr) error { return nil }
