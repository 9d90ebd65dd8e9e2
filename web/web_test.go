package web

import (
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, h http.Handler, method, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAssets(t *testing.T) {
	h := New(Options{})
	for path, want := range map[string]string{
		"/":            "text/html; charset=utf-8",
		"/main.js":     "text/javascript; charset=utf-8",
		"/style.css":   "text/css; charset=utf-8",
		"/favicon.svg": "image/svg+xml",

		"/icon-192.png":         "image/png",
		"/manifest.webmanifest": "application/manifest+json",
	} {
		res := get(t, h, "GET", path)
		page := body(t, res)
		if res.StatusCode != http.StatusOK || page == "" {
			t.Errorf("GET %s: %s, %d bytes", path, res.Status, len(page))
		}
		etag := res.Header.Get("ETag")
		if etag == "" {
			t.Errorf("GET %s: no ETag", path)
		}
		for name, want := range map[string]string{
			"Content-Type":            want,
			"Cache-Control":           "no-cache",
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
			"Content-Security-Policy": policy,
		} {
			if got := res.Header.Get(name); got != want {
				t.Errorf("GET %s: %s: %q, want %q", path, name, got, want)
			}
		}

		head := get(t, h, "HEAD", path)
		if head.StatusCode != http.StatusOK || head.ContentLength != int64(len(page)) || body(t, head) != "" {
			t.Errorf("HEAD %s: %s, length %d, want 200 without a body and %d", path, head.Status, head.ContentLength, len(page))
		}
		same := get(t, h, "GET", path, "If-None-Match", etag)
		if same.StatusCode != http.StatusNotModified || same.Header.Get("ETag") != etag || body(t, same) != "" {
			t.Errorf("GET %s again: %s, want 304", path, same.Status)
		}
		if other := get(t, h, "GET", path, "If-None-Match", `"older"`); other.StatusCode != http.StatusOK {
			t.Errorf("GET %s with another ETag: %s, want 200", path, other.Status)
		}
	}
}

func TestETag(t *testing.T) {
	one, same, other := etag([]byte("a")), etag([]byte("a")), etag([]byte("b"))
	if one == other || one != same {
		t.Error("the ETag does not identify the content")
	}
}

func TestHealth(t *testing.T) {
	h := New(Options{})
	res := get(t, h, "GET", "/healthz")
	if got := body(t, res); res.StatusCode != http.StatusOK || got != "ok" {
		t.Errorf("GET: %s %q", res.Status, got)
	}
	if got := res.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("Content-Type: %q", got)
	}
	if res := get(t, h, "HEAD", "/healthz"); res.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %s", res.Status)
	}
}

// TestNotServed requests paths that do not exist, and methods that are not allowed.
func TestNotServed(t *testing.T) {
	var log strings.Builder
	h := New(Options{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	for _, path := range []string{"/ws", "/index.html", "/static/main.js", "/main.js/", "/web.go", "/../web.go", "/testdata"} {
		res := get(t, h, "GET", path)
		if res.StatusCode != http.StatusNotFound || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("GET %s: %s, want 404", path, res.Status)
		}
		if !strings.Contains(log.String(), "path="+path+"\n") {
			t.Errorf("GET %s is not in the log", path)
		}
	}
	for _, path := range []string{"/", "/main.js", "/healthz"} {
		res := get(t, h, "POST", path)
		if res.StatusCode != http.StatusMethodNotAllowed || len(res.Header.Values("Allow")) == 0 {
			t.Errorf("POST %s: %s, Allow %q, want 405", path, res.Status, res.Header.Values("Allow"))
		}
	}
}

// hijacker is a fake of the ResponseWriter of http.Server.
type hijacker struct{ http.ResponseWriter }

// TestWebSocketWriter tests that the handler of /ws gets the server's own ResponseWriter.
func TestWebSocketWriter(t *testing.T) {
	var got http.ResponseWriter
	var query string
	h := New(Options{WebSocket: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, query = w, r.URL.RawQuery
	})})
	w := &hijacker{httptest.NewRecorder()}
	h.ServeHTTP(w, httptest.NewRequest("GET", "/ws?room=ops", nil))
	if got != http.ResponseWriter(w) {
		t.Errorf("the handler of /ws got %T, want the writer of the server", got)
	}
	if query != "room=ops" {
		t.Errorf("query %q", query)
	}
	if res := get(t, h, "POST", "/ws"); res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "GET" {
		t.Errorf("POST /ws: %s, Allow %q", res.Status, res.Header.Get("Allow"))
	}
}

var references = regexp.MustCompile(`(?:\b(?:href|src|action)="|"src": "|\bregister\("|\bfrom "|\bimport[ (]"|\burl\("?)([^")]*)`)

// TestReferences tests that references between assets are relative, that their targets exist,
// and that each asset is referred to.
func TestReferences(t *testing.T) {
	exists, referred := make(map[string]bool), map[string]bool{"/": true}
	for _, a := range assets("static") {
		exists[a.path] = true
	}
	for _, a := range assets("static") {
		for _, m := range references.FindAllStringSubmatch(string(a.body), -1) {
			if m[1] == "log/lobby" { // a page of its own, which may be turned off
				continue
			}
			if !regexp.MustCompile(`^(\.\.?/)*([a-z0-9]+/)?[a-z0-9-]+\.[a-z]+$`).MatchString(m[1]) || strings.Count(m[1], "../") >= strings.Count(a.path, "/") {
				t.Errorf("%s refers to %q, which is not a relative path below the page", a.path, m[1])
				continue
			}
			ref := path.Join(path.Dir(a.path), m[1])
			if !exists[ref] {
				t.Errorf("%s refers to %q, which does not exist", a.path, m[1])
			}
			referred[ref] = true
		}
	}
	for _, a := range assets("static") {
		if !referred[a.path] {
			t.Errorf("nothing refers to %s", a.path)
		}
	}
}

// TestNoMarkupFromText tests that the page has no function that turns text into markup or code,
// and nothing that the policy forbids.
func TestNoMarkupFromText(t *testing.T) {
	forbidden := regexp.MustCompile(`\b(?:innerHTML|outerHTML|insertAdjacentHTML|setHTML\w*|document\.write\w*|` +
		`createContextualFragment|DOMParser|srcdoc|eval|Function)\b|javascript:`)
	inline := regexp.MustCompile(`<style|\sstyle=|\son\w+=|<script(?: type="module")?>`)
	for _, a := range assets("static") {
		if m := forbidden.Find(a.body); m != nil {
			t.Errorf("%s contains %s", a.path, m)
		}
		if m := inline.Find(a.body); strings.HasPrefix(a.mimeType, "text/html") && m != nil {
			t.Errorf("%s has inline code or style: %s", a.path, m)
		}
	}
}

// TestElements tests that each element that main.js requests exists once in the page.
func TestElements(t *testing.T) {
	h := New(Options{})
	page, script := body(t, get(t, h, "GET", "/")), body(t, get(t, h, "GET", "/main.js"))
	ids := regexp.MustCompile(`\$\("([^"]+)"\)`).FindAllStringSubmatch(script, -1)
	if len(ids) == 0 {
		t.Fatal("main.js requests no element")
	}
	for _, m := range ids {
		if n := strings.Count(page, ` id="`+m[1]+`"`); n != 1 {
			t.Errorf("main.js requests #%s, and the page has %d", m[1], n)
		}
	}
}

// TestOneClock tests that only clock.js reads the clocks of the browser, since neither is
// reliable alone.
func TestOneClock(t *testing.T) {
	reads := regexp.MustCompile(`\b(?:Date|performance)\.now\b|\.getTime\(|timeStamp`)
	for _, a := range assets("static") {
		if m := reads.Find(a.body); m != nil && a.path != "/net/clock.js" {
			t.Errorf("%s reads a clock: %s", a.path, m)
		}
	}
}

// TestCompression tests that a browser gets the files of the page compressed, and without comments, and that they are
// the same as without compression.
func TestCompression(t *testing.T) {
	h := New(Options{})
	for _, a := range pageAssets() {
		plain := body(t, get(t, h, "GET", a.path))
		res := get(t, h, "GET", a.path, "Accept-Encoding", "br, gzip;q=0.8")
		if res.Header.Get("Content-Encoding") == "" {
			if len(plain) > 300 && path.Ext(a.path) != ".png" {
				t.Errorf("%s is not compressed", a.path)
			}
			continue
		}
		if res.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s varies by %q", a.path, res.Header.Get("Vary"))
		}
		r, err := gzip.NewReader(res.Body)
		if err != nil {
			t.Errorf("%s: %v", a.path, err)
			continue
		}
		unpacked, err := io.ReadAll(r)
		if err != nil || string(unpacked) != plain {
			t.Errorf("%s is another file when it is compressed: %v", a.path, err)
		}
		tag := res.Header.Get("ETag")
		if again := get(t, h, "GET", a.path, "Accept-Encoding", "gzip", "If-None-Match", tag); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: %s", a.path, again.Status)
		}
		if again := get(t, h, "GET", a.path, "If-None-Match", tag); again.StatusCode != http.StatusOK {
			t.Errorf("%s without compression: %s", a.path, again.Status)
		}
		if path.Ext(a.path) == ".js" && comment.MatchString(plain) {
			t.Errorf("%s has comments", a.path)
		}
	}
}

// TestComments tests that no line that starts with // or /** is within a string, since the server removes such lines.
func TestComments(t *testing.T) {
	quoted := regexp.MustCompile("\"[^\"]*\"|/[^/]*`[^/]*/")
	for _, a := range assets("static") {
		if path.Ext(a.path) != ".js" {
			continue
		}
		inString := false
		for n, line := range strings.Split(string(a.body), "\n") {
			if start := strings.TrimSpace(line); strings.HasPrefix(start, "//") || strings.HasPrefix(start, "/**") {
				if inString {
					t.Errorf("%s:%d: a comment is within a string", a.path, n+1)
				}
				continue
			}
			code, _, _ := strings.Cut(line, " // ")
			if strings.Count(quoted.ReplaceAllString(code, ""), "`")%2 == 1 {
				inString = !inString
			}
		}
		if inString {
			t.Errorf("%s: the end of a string is not found", a.path)
		}
	}
}

// TestRemoveComments tests that a comment before code on its last line stays, together with the code up to the next one.
func TestRemoveComments(t *testing.T) {
	a := asset{mimeType: mimeTypes[".js"], body: []byte("// one\n  // two\n/** three */\n/**\n * four **\n */\n/** @type {X} */ (a).b();\nc(); // five\n/** six */\n")}
	a.removeComments()
	if want := "/** @type {X} */ (a).b();\nc(); // five\n"; string(a.body) != want {
		t.Errorf("left is %q, want %q", a.body, want)
	}
}

func TestAcceptsGzip(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "gzip, deflate, br, zstd": true, "br;q=1.0, gzip;q=0.8, *;q=0.1": true,
		"br": false, "gzip;q=0": false, "gzip; q=0.000": false, "*": true, "*;q=0": false, "*, gzip;q=0": false,
		"identity;q=0, x-gzip": true, "gzip;q=x": false, "xgzip": false,
	} {
		if got := acceptsGzip([]string{accept}); got != want {
			t.Errorf("%q: %v, want %v", accept, got, want)
		}
	}
}

// TestStyles tests that the pages have each class and id that their style sheets name.
func TestStyles(t *testing.T) {
	selector := regexp.MustCompile(`(?m)^[^{}@/]*[{,]$`)
	name := regexp.MustCompile(`[.#]([a-zA-Z][\w-]*)`)
	word := regexp.MustCompile(`[\w-]+`)
	for style, patterns := range map[string][]string{
		"static/style.css": {"static/*.html", "static/*.js", "static/*/*.js"},
		"log/log.css":      {"history*.go"},
		"admin/admin.css":  {"admin/*.html", "admin/*.js"},
	} {
		words := map[string]bool{}
		for _, pattern := range patterns {
			files, err := filepath.Glob(pattern)
			if err != nil || len(files) == 0 {
				t.Fatalf("%s: no files, %v", pattern, err)
			}
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				for _, word := range word.FindAllString(string(text), -1) {
					words[word] = true
				}
			}
		}
		text, err := embedded.ReadFile(style)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range selector.FindAllString(string(text), -1) {
			for _, m := range name.FindAllStringSubmatch(line, -1) {
				if !words[strings.TrimRight(m[1], "0123456789")] { // the hues have numbers
					t.Errorf("%s: no page has %s", style, m[0])
				}
			}
		}
	}
}
