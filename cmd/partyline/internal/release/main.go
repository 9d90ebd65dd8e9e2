// Command release builds what a release consists of: for each system an archive, for Linux also a
// package for Debian, and their checksums. Two runs for the same commit, with the same versions of Go
// and dpkg-deb, write the same bytes.
//
//	go run ./cmd/partyline/internal/release [-out dist] [linux/amd64 ...]
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

// targets are the systems of a release.
var targets = []target{
	{"linux", "amd64"},
	{"linux", "arm64"},
	{"darwin", "amd64"},
	{"darwin", "arm64"},
	{"windows", "amd64"},
	{"windows", "arm64"},
	{"freebsd", "amd64"},
	{"freebsd", "arm64"},
}

// A target is a system, with the names of Go.
type target struct{ os, arch string }

func main() {
	out := flag.String("out", "dist", "folder for the release")
	flag.Parse()
	if err := release(*out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release writes a release for the named targets, or for all, to a folder.
func release(out string, names []string) error {
	selected := targets
	if len(names) > 0 {
		selected = nil
	}
	for _, name := range names {
		system, arch, _ := strings.Cut(name, "/")
		selected = append(selected, target{system, arch})
	}
	s, err := readSource()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	common, err := s.commonFiles()
	if err != nil {
		return err
	}
	var written []string
	for _, t := range selected {
		names, err := s.release(out, t, common)
		if err != nil {
			return fmt.Errorf("%s/%s: %w", t.os, t.arch, err)
		}
		for _, name := range names {
			fmt.Println(name)
		}
		written = append(written, names...)
	}
	return writeSums(out, written)
}

// release writes the files for a target to a folder, and returns their names.
func (s *source) release(out string, t target, common []file) ([]string, error) {
	binary, err := s.build(t)
	if err != nil {
		return nil, err
	}
	archive, err := s.writeArchive(out, t, binary, common)
	if err != nil || t.os != "linux" {
		return []string{archive}, err
	}
	deb, err := s.writeDeb(out, t, binary, common)
	return []string{archive, deb}, err
}
