package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// A source is the commit in the current folder.
type source struct {
	version string // "v1.2.0", or the commit
	commit  string
	time    time.Time // of the commit
	files   []string  // those of the repository that go into archives
}

// readSource reads the state of the repository. Without changes that are not committed, files in the
// current folder are those of the commit.
func readSource() (*source, error) {
	if changes, err := git("status", "--porcelain"); err != nil {
		return nil, err
	} else if changes != "" {
		return nil, errors.New("a release is one of a commit: commit these changes first, or remove them:\n" + changes)
	}
	version, err1 := git("describe", "--tags", "--always", "--abbrev=12")
	commit, err2 := git("rev-parse", "HEAD")
	date, err3 := git("show", "-s", "--format=%cI", "HEAD")
	files, err4 := git("ls-files", "README.md", "LICENSE", "CHANGELOG.md", "docs", "deploy")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	at, err := time.Parse(time.RFC3339, date)
	if err != nil {
		return nil, err
	}
	return &source{version, commit, at.UTC(), strings.Fields(files)}, nil
}

// git returns the output of git.
func git(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// build builds the program for a target, without anything of this machine.
func (s *source) build(t target) ([]byte, error) {
	dir, err := os.MkdirTemp("", "release")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "partyline")
	cmd := exec.Command("go", "build", "-tags", "nethttpomithttp2", "-trimpath", "-buildvcs=false", "-ldflags", s.linkerFlags(), "-o", path, "./cmd/partyline")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+t.os, "GOARCH="+t.arch,
		"GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go build: %w", err)
	}
	return os.ReadFile(path)
}

// linkerFlags returns the flags of the linker, which sets the variables of package build.
func (s *source) linkerFlags() string {
	const variables = "partyline/cmd/partyline/internal/build"
	return fmt.Sprintf("-s -w -X %s.version=%s -X %[1]s.commit=%[3]s", variables, s.version, s.commit)
}

// tag matches the version of a commit that has a tag, or comes after one.
var tag = regexp.MustCompile(`^v(\d[\w.~+]*)(?:-(\d+)-g([0-9a-f]+))?$`)

// debianVersion returns the version as Debian compares it: a commit after a tag is newer than the tag,
// and a commit before all tags is older than all of them.
func (s *source) debianVersion() string {
	switch m := tag.FindStringSubmatch(s.version); {
	case m == nil:
		return fmt.Sprintf("0~git%s.%.7s", s.time.Format("20060102.150405"), s.commit)
	case m[2] == "":
		return m[1]
	default:
		return fmt.Sprintf("%s+git%s.%.7s", m[1], m[2], m[3])
	}
}
