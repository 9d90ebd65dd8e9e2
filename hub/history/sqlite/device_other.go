//go:build !unix

package sqlite

import "os"

// sameDisk reports whether two files are on one file system, where that can be told.
func sameDisk(_, _ os.FileInfo) bool { return false }
