package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A site is a proxy in front of a server, which serves the page below /chat/. It can change some of the files, as a
// server of another version does.
type site struct {
	url string

	mu    sync.Mutex
	files files
	conns []net.Conn
}

// files are bodies of files by their paths. A file with the body "" does not exist.
type files map[string]string

func startSite(t *testing.T, server string) *site {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{url: "http://" + l.Addr().String() + "/chat/"}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: server})
			r.Out.Host = r.In.Host
			r.Out.Header.Del("If-None-Match")   // the program does not know the changed files
			r.Out.Header.Del("Accept-Encoding") // the files that change are not compressed
		},
		ModifyResponse: s.change,
		ErrorLog:       log.New(io.Discard, "", 0), // of connections that are cut
	}
	serving := &http.Server{
		Handler: http.StripPrefix("/chat", proxy),
		ConnState: func(conn net.Conn, state http.ConnState) {
			if state == http.StateNew {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.conns = append(s.conns, conn)
			}
		},
	}
	var done sync.WaitGroup
	done.Go(func() { serving.Serve(l) })
	t.Cleanup(func() {
		serving.Close()
		s.cut()
		done.Wait()
	})
	return s
}

// change changes the file in a response of the server.
func (s *site) change(res *http.Response) error {
	s.mu.Lock()
	body, ok := s.files[res.Request.URL.Path]
	s.mu.Unlock()
	if !ok {
		return nil
	}
	res.Body.Close()
	if body == "" {
		res.StatusCode, res.Status = http.StatusNotFound, "404 Not Found"
		res.Header.Set("Content-Type", "text/plain")
	}
	res.Body = io.NopCloser(strings.NewReader(body))
	res.ContentLength = int64(len(body))
	res.Header.Set("Content-Length", strconv.Itoa(len(body)))
	res.Header.Del("ETag")
	return nil
}

// replace changes the files, and cuts all connections as a server that restarts.
func (s *site) replace(f files) {
	s.mu.Lock()
	s.files = f
	s.mu.Unlock()
	s.cut()
}

func (s *site) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.conns {
		conn.Close()
	}
	s.conns = nil
}

// marks are what the next version of the page adds to some of its files, so that release can see which of them a page
// has loaded.
var marks = map[string]string{
	"/main.js":   "\ndocument.documentElement.dataset.main = 'next';\n",
	"/theme.js":  "\nglobalThis.theme = 'next';\n",
	"/style.css": "\n:root { --style: next; }\n",
}

// release is true of a page of the next version, false of one of the version that the server has, and throws if the
// page has files of both.
const release = `(() => {
	const root = document.documentElement;
	const found = [root.dataset.version, root.dataset.main, globalThis.theme, getComputedStyle(root).getPropertyValue("--style")];
	const next = found.filter((mark) => mark === "next").length;
	if (next !== 0 && next !== found.length) throw new Error("mixed: " + JSON.stringify(found));
	return next !== 0;
})()`

// nextVersion returns the files of the next version of the page that differ from those of a server.
func nextVersion(t *testing.T, server string) files {
	t.Helper()
	next := files{"/": read(t, server, "/"), "/sw.js": read(t, server, "/sw.js")}
	_, rest, _ := strings.Cut(next["/sw.js"], `const version = "`)
	version, _, ok := strings.Cut(rest, `"`)
	if !ok || !strings.Contains(next["/"], version) {
		t.Fatalf("the page has no version %q", version)
	}
	worker := strings.Replace(next["/sw.js"], version, "next", 1)
	set := func(path, from, to string) {
		t.Helper()
		entry := `":"` + hash(from) + `"`
		if !strings.Contains(worker, entry) {
			t.Fatalf("the worker has no hash of %s", path)
		}
		worker = strings.Replace(worker, entry, `":"`+hash(to)+`"`, 1)
		next[path] = to
	}
	set("/", next["/"], strings.Replace(next["/"], version, "next", 1))
	for path, mark := range marks {
		file := read(t, server, path)
		set(path, file, file+mark)
	}
	next["/sw.js"] = worker
	return next
}

func read(t *testing.T, server, path string) string {
	t.Helper()
	res, err := http.Get("http://" + server + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(res.Body); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, res.Status, err)
	}
	return body.String()
}

func hash(file string) string {
	sum := sha256.Sum256([]byte(file))
	return base64.StdEncoding.EncodeToString(sum[:])
}
