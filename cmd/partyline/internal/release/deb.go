package main

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The scripts that dpkg runs.
var (
	//go:embed debian/postinst
	postinst []byte
	//go:embed debian/prerm
	prerm []byte
	//go:embed debian/postrm
	postrm []byte
)

const control = `Package: partyline
Version: %s
Architecture: %s
Maintainer: The partyline authors <partyline@localhost>
Installed-Size: %d
Recommends: ca-certificates
Section: net
Priority: optional
Description: chat room server for netcat and browsers
 Every member of a room receives every message of the room, in the same
 order, over raw TCP or over WebSocket. The program is also a client for
 terminals, pipes and scripts.
`

// writeDeb writes the package of a target to a folder with dpkg-deb, and returns its name.
func (s *source) writeDeb(out string, t target, binary []byte, common []file) (string, error) {
	dir, err := os.MkdirTemp("", "release")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	files := debFiles(binary, common)
	size := 0
	for _, f := range files {
		size += (len(f.content) + 1023) / 1024
	}
	files = append(files,
		file{"DEBIAN/control", 0o644, fmt.Appendf(nil, control, s.debianVersion(), t.arch, size)},
		file{"DEBIAN/conffiles", 0o644, []byte("/etc/partyline/" + example + "\n")},
		file{"DEBIAN/postinst", 0o755, postinst},
		file{"DEBIAN/prerm", 0o755, prerm},
		file{"DEBIAN/postrm", 0o755, postrm},
	)
	if err := writeTree(dir, files); err != nil {
		return "", err
	}
	name := fmt.Sprintf("partyline_%s_%s.deb", s.debianVersion(), t.arch)
	// One thread, because the number of threads may change the result of xz.
	cmd := exec.Command("dpkg-deb", "--root-owner-group", "-Zxz", "--threads-max=1", "--build", dir, filepath.Join(out, name))
	cmd.Env = append(os.Environ(), fmt.Sprint("SOURCE_DATE_EPOCH=", s.time.Unix())) // for the times of the files too
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("dpkg-deb: %w\n%s", err, text)
	}
	return name, nil
}

// debFiles returns the files that the package installs.
func debFiles(binary []byte, common []file) []file {
	const doc = "usr/share/doc/partyline/"
	files := []file{{"usr/bin/partyline", 0o755, binary}}
	for _, f := range common {
		switch {
		case strings.HasPrefix(f.name, manFolder):
			f.name, f.content = "usr/share/man/man1/"+strings.TrimPrefix(f.name, manFolder)+".gz", compress(f.content)
		case f.name == completionFolder+"partyline.bash":
			f.name = "usr/share/bash-completion/completions/partyline"
		case f.name == completionFolder+"_partyline":
			f.name = "usr/share/zsh/vendor-completions/_partyline"
		case f.name == completionFolder+"partyline.fish":
			f.name = "usr/share/fish/vendor_completions.d/partyline.fish"
		case f.name == example:
			f.name = "etc/partyline/" + example
		case f.name == "LICENSE":
			f.name = doc + "copyright"
		case f.name == "CHANGELOG.md":
			f.name, f.content = doc+"changelog.gz", compress(f.content)
		case strings.HasPrefix(f.name, "deploy/systemd/") && (strings.HasSuffix(f.name, ".service") || strings.HasSuffix(f.name, ".socket")):
			f.name = "usr/lib/systemd/system/" + filepath.Base(f.name)
			f.content = bytes.ReplaceAll(f.content, []byte("/usr/local/bin/"), []byte("/usr/bin/"))
		default:
			f.name = doc + f.name
		}
		files = append(files, f)
	}
	return files
}

// compress returns content as gzip writes it, without a name and a time.
func compress(content []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	w.Write(content)
	w.Close()
	return b.Bytes()
}

// writeTree writes files below a folder. Their modes, and those of the folders, do not depend on the
// umask.
func writeTree(dir string, files []file) error {
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.content, f.mode); err != nil {
			return err
		}
		if err := os.Chmod(path, f.mode); err != nil {
			return err
		}
	}
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return os.Chmod(path, 0o755)
	})
}
