package harness

import "path/filepath"

// File returns the path of a file of the repository, for a test in a folder of e2e.
func File(name string) string { return filepath.Join("../../../../..", name) }
