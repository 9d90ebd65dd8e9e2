// Package build identifies the program: its version, its commit, and what it was built with.
package build

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// The linker sets these: see the Makefile.
var version, commit string

// shortCommit is the number of digits of a commit in text for people.
const shortCommit = 12

// Version returns the version: that of the linker, or that of the module for a program of go install,
// or "dev".
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") {
		return info.Main.Version
	}
	return "dev"
}

// Commit returns the commit: that of the linker, or the one that the go command has recorded, with
// "-dirty" if there were changes, or "" if it is unknown.
func Commit() string {
	if commit != "" {
		return commit
	}
	var revision, dirty string
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = "-dirty"
			}
		}
	}
	if revision == "" {
		return ""
	}
	return revision + dirty
}

// Details returns what a version stands for: "commit 0123456789ab, go1.26.8, linux/amd64".
func Details() string {
	full, dirty, _ := strings.Cut(Commit(), "-")
	short := full[:min(shortCommit, len(full))]
	if dirty != "" {
		short += "-" + dirty
	}
	return fmt.Sprintf("commit %s, %s, %s/%s", cmp.Or(short, "unknown"), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
