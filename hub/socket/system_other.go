//go:build !unix || portable

package socket

import "syscall"

// rawIO says that this system has no trySend, tryReceive and readable: every read and write
// goes through the runtime and waits.
const rawIO = false

func trySend(int32, []byte) (int, error) { return 0, syscall.EAGAIN }

func tryReceive(uintptr, []byte) (int, error) { return 0, syscall.EAGAIN }

func readable(uintptr) (bool, error) { return false, nil }

// unacknowledged returns 0, because the number is unknown on this system: what the kernel took
// counts as acknowledged.
func unacknowledged(int32) int { return 0 }

// readAcks returns nothing on this system: the system's own timeouts find dead peers.
func readAcks(int) (acks, error) { return acks{}, nil }

// inlineUrgent does nothing on this system: urgent data is lost.
func inlineUrgent(uintptr) error { return nil }

// credentials returns "", because the peer of a unix socket is unknown on this system.
func credentials(uintptr) string { return "" }
