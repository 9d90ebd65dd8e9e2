//go:build !linux

package socket

// isReady leaves the waiting to the read itself.
func (r *Reader) isReady(uintptr) bool { return true }
