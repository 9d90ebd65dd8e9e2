package harness

import "path/filepath"

// RepoPath returns the path of a file in the repository, for a test in a directory of e2e.
func RepoPath(name string) string { return filepath.Join("../../../../..", name) }
