package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"
)

// The page, the pages of the history, and the page of the operator.
//
//go:embed static log admin
var embedded embed.FS

// mimeTypes maps file extensions to MIME types. The types of the machine are not used:
// /etc/mime.types may have a wrong one for .js, and browsers do not run such a module.
var mimeTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".png":  "image/png",

	".webmanifest": "application/manifest+json",
}

// An asset is one file of the page.
type asset struct {
	path     string // in the URL
	mimeType string
	etag     string
	body     []byte
	gzip     []byte // the body compressed, or nil if that would not be much smaller
	gzipETag string
}

// assets returns the embedded files in a folder and in the folders below it. It panics if a file has no
// MIME type.
func assets(folder string) []asset {
	var all []asset
	err := fs.WalkDir(embedded, folder, func(name string, f fs.DirEntry, err error) error {
		if err == nil && !f.IsDir() {
			all = append(all, readAsset(folder, strings.TrimPrefix(name, folder+"/")))
		}
		return err
	})
	if err != nil {
		panic(err)
	}
	return all
}

// readAsset returns the embedded file with a name, which may be a path, in a folder.
func readAsset(folder, name string) asset {
	body, err := embedded.ReadFile(folder + "/" + name)
	if err != nil {
		panic(err)
	}
	mimeType, ok := mimeTypes[path.Ext(name)]
	if !ok {
		panic(fmt.Sprintf("web: no MIME type for %s", name))
	}
	a := asset{path: "/" + name, mimeType: mimeType, etag: etag(body), body: body}
	if name == "index.html" {
		a.path = "/"
	}
	return a
}

func etag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// setBody replaces the content of the asset.
func (a *asset) setBody(body []byte) {
	a.body, a.etag = body, etag(body)
}

// comment matches the lines of JavaScript that are comments.
var comment = regexp.MustCompile(`(?m)^[ \t]*(?://.*|/\*\*(?:[^*]|\*+[^*/])*\*+/[ \t]*)\n`)

// removeComments removes each comment of a script that has lines of its own. The script must not have a line that
// starts with // or /** within a string.
func (a *asset) removeComments() {
	if strings.HasPrefix(a.mimeType, "text/javascript") {
		a.setBody(comment.ReplaceAll(a.body, nil))
	}
}

func (a *asset) compress() {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		panic(err)
	}
	w.Write(a.body)
	w.Close()
	if b.Len() < len(a.body)*9/10 {
		a.gzip, a.gzipETag = b.Bytes(), etag(b.Bytes())
	}
}

// ServeHTTP lets a browser cache the asset but requires it to revalidate at each use, so
// that the first load after an update gets the new files.
func (a asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.mimeType)
	h.Set("Cache-Control", "no-cache")
	body, tag := a.body, a.etag
	if a.gzip != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Values("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body, tag = a.gzip, a.gzipETag
		}
	}
	h.Set("ETag", tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
