package web

import (
	"net/http"
	"testing"
)

// TestMethods requests each path with known and unknown methods. The answers to OPTIONS and to
// methods that are not allowed list the allowed ones, and do not admit other sites.
func TestMethods(t *testing.T) {
	h := New(Options{
		WebSocket: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		IsExempt:  exemptAll,
		History:   fakeHistory{messages: said(3, "hello")},
	})
	allowed := map[string]string{"/healthz": "GET, HEAD, OPTIONS", "/ws": "GET", "/nothing": "", "/log/": "", "/log/lobby/": "", "/m/lobby": ""}
	for _, path := range []string{"/log.css", "/log/lobby", "/log/%6Cobby", "/log/LOBBY?before=3", "/m/lobby/3", "/m/%6Cobby/3"} {
		allowed[path] = "GET, HEAD, OPTIONS"
	}
	for _, a := range pageAssets() {
		allowed[a.path] = "GET, HEAD, OPTIONS"
	}
	for path, allow := range allowed {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "TRACE", "QUERY", "get", "PROPFIND"} {
			want, wantAllow := http.StatusMethodNotAllowed, allow
			switch {
			case allow == "":
				want = http.StatusNotFound
			case method == "OPTIONS" && path != "/ws":
				want = http.StatusNoContent
			case method == "GET", method == "HEAD" && path != "/ws":
				want, wantAllow = http.StatusOK, ""
			}
			res := get(t, h, method, path, "Origin", "https://evil.example", "Access-Control-Request-Method", "GET")
			if res.StatusCode != want || res.Header.Get("Allow") != wantAllow || len(res.Header.Values("Allow")) > 1 {
				t.Errorf("%s %s: %s, Allow %q, want %d, %q", method, path, res.Status, res.Header.Values("Allow"), want, wantAllow)
			}
			if got := body(t, res); want == http.StatusNoContent && (got != "" || res.Header.Get("Access-Control-Allow-Origin") != "") {
				t.Errorf("%s %s: the body is %q, and the header %v", method, path, got, res.Header)
			}
		}
	}
}
