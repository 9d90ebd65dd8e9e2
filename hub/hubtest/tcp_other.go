//go:build !linux || portable

package hubtest

// unacknowledged returns 0, because the number is unknown on this system.
func unacknowledged(uintptr) int { return 0 }
