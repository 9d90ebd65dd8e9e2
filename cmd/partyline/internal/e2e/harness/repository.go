package harness

import "path/filepath"

// File returns the path of a file in the repository, relative to a directory of e2e.
func File(name string) string { return filepath.Join("../../../../..", name) }
