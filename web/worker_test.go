package web

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var filled = regexp.MustCompile(`(?m)^const version = "([\w-]{16})";\nconst hashes = (\{.*\});$`)

// TestWorker tests that the service worker has the hash of each other file of the page, as the server sends it, and that
// it and the page have the same version.
func TestWorker(t *testing.T) {
	h := New(Options{})
	res := get(t, h, "GET", "/sw.js")
	for name, want := range map[string]string{
		"Content-Type":            "text/javascript; charset=utf-8",
		"Cache-Control":           "no-cache",
		"Content-Security-Policy": policy,
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	script := body(t, res)
	if res.Header.Get("ETag") != etag([]byte(script)) {
		t.Error("the ETag is that of another script")
	}
	m := filled.FindStringSubmatch(script)
	if m == nil {
		t.Fatalf("the server has not filled in the version and the hashes:\n%.1000s", script)
	}
	var hashes map[string][]byte
	if err := json.Unmarshal([]byte(m[2]), &hashes); err != nil {
		t.Fatal(err)
	}
	for _, a := range pageAssets() {
		if a.path == "/sw.js" {
			continue
		}
		sum := sha256.Sum256([]byte(body(t, get(t, h, "GET", a.path))))
		if got := hashes["."+a.path]; string(got) != string(sum[:]) {
			t.Errorf("the hash of %s is %x, want %x", a.path, got, sum)
		}
		delete(hashes, "."+a.path)
	}
	for path := range hashes {
		t.Errorf("the worker keeps %s, which is no file of the page", path)
	}
	if page := body(t, get(t, h, "GET", "/")); !strings.Contains(page, `<html lang="en" data-version="`+m[1]+`">`) {
		t.Errorf("the page does not have the version %s", m[1])
	}
	if res := get(t, h, "GET", "/sw.js", "If-None-Match", res.Header.Get("ETag")); res.StatusCode != http.StatusNotModified {
		t.Errorf("the same worker again: %s", res.Status)
	}
}

// TestVersion tests that sets of assets have the same version if and only if they are the same.
func TestVersion(t *testing.T) {
	set := func(path, body string) []asset {
		return []asset{{path: "/", etag: etag([]byte("page"))}, {path: path, etag: etag([]byte(body))}}
	}
	same, again := versionOf(set("/a.js", "a")), versionOf(set("/a.js", "a"))
	if same != again {
		t.Error("the same assets have two versions")
	}
	for path, body := range map[string]string{"/a.js": "b", "/b.js": "a"} {
		if versionOf(set(path, body)) == same {
			t.Errorf("with %s as %s the version is the same", body, path)
		}
	}
}
