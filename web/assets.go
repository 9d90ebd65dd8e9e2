package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"net/http"
	"path"
	"time"
)

//go:embed static
var static embed.FS

// mimeTypes are ours rather than the machine's: a module served with a type
// that some /etc/mime.types made up does not run.
var mimeTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// An asset is one file of the page, ready to be served.
type asset struct {
	path     string // as it is asked for
	mimeType string
	etag     string
	body     []byte
}

// assets reads what is embedded. It panics if the binary was built wrong.
func assets() []asset {
	files, err := static.ReadDir("static")
	if err != nil {
		panic(err)
	}
	all := make([]asset, 0, len(files))
	for _, f := range files {
		body, err := static.ReadFile("static/" + f.Name())
		if err != nil {
			panic(err)
		}
		mimeType, ok := mimeTypes[path.Ext(f.Name())]
		if !ok {
			panic(fmt.Sprintf("web: no MIME type for %s", f.Name()))
		}
		a := asset{path: "/" + f.Name(), mimeType: mimeType, etag: etag(body), body: body}
		if f.Name() == "index.html" {
			a.path = "/"
		}
		all = append(all, a)
	}
	return all
}

func etag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// ServeHTTP lets a browser keep the asset but makes it ask each time whether it
// still holds: a new binary is a new page, whole, at the next load.
func (a asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.mimeType)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", a.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
}
