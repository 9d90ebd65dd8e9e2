//go:build !linux || portable

package hubtest

// RawIO says that on this system a Conn does not know what its peer has acknowledged, and notices its
// end only when it reads.
const RawIO = false

// unacknowledged returns 0, because the number is unknown on this system.
func unacknowledged(uintptr) int { return 0 }
