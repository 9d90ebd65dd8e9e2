//go:build !linux || portable

package hubtest

// RawIO is false: on this system, or with the build tag portable, a Conn may not write without waiting.
// It does not know what its peer has acknowledged, and notices its end only when it reads.
const RawIO = false

// unacknowledged returns 0, because the number is unknown on this system.
func unacknowledged(uintptr) int { return 0 }
