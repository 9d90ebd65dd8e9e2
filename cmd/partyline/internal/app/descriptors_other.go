//go:build !unix || portable

package app

// descriptors returns 0: there is no limit on this system.
func descriptors() int { return 0 }
