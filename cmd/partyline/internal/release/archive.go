package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// writeArchive writes the archive of a target to a folder, and returns its name.
func (s *source) writeArchive(out string, t target, binary []byte, common []file) (string, error) {
	name := fmt.Sprintf("partyline_%s_%s_%s", s.version, t.os, t.arch)
	program, extension, write := "partyline", ".tar.gz", writeTar
	if t.os == "windows" {
		program, extension, write = "partyline.exe", ".zip", writeZip
	}
	files := append(slices.Clone(common), file{program, 0o755, binary})
	for i := range files {
		files[i].name = name + "/" + files[i].name
	}
	sortFiles(files)
	f, err := os.Create(filepath.Join(out, name+extension))
	if err != nil {
		return "", err
	}
	defer f.Close()
	if err := write(f, files, s.time); err != nil {
		return "", err
	}
	return name + extension, f.Close()
}

func sortFiles(files []file) {
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
}

// writeTar writes files as a compressed tar archive. Their owner is root, without a name.
func writeTar(w io.Writer, files []file, modified time.Time) error {
	compressed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: int64(f.mode), Size: int64(len(f.content)), ModTime: modified, Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(h); err != nil {
			return err
		}
		if _, err := archive.Write(f.content); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return compressed.Close()
}

// writeZip writes files as a zip archive.
func writeZip(w io.Writer, files []file, modified time.Time) error {
	archive := zip.NewWriter(w)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: modified}
		h.SetMode(f.mode)
		entry, err := archive.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := entry.Write(f.content); err != nil {
			return err
		}
	}
	return archive.Close()
}

// writeSums writes SHA256SUMS, which sha256sum -c checks.
func writeSums(out string, names []string) error {
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(content), name)
	}
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(b.String()), 0o644)
}
