package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// admin returns the handler of an operator's listener. The checks return err.
func admin(hosts Hosts, err error) http.Handler {
	fails := func(context.Context) error { return err }
	return NewAdmin(AdminOptions{
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "members 1") }),
		Health:  fails, Ready: fails, Hosts: hosts,
		API: map[string]func() any{"rooms": func() any { return []string{"<lobby>"} }},
	})
}

// TestAdmin requests each path of the operator's listener.
func TestAdmin(t *testing.T) {
	h := admin(Hosts{}, nil)
	for path, c := range map[string]struct{ kind, part string }{
		"/":                                  {"text/html; charset=utf-8", "<title>partyline: operation</title>"},
		"/admin.js":                          {"text/javascript; charset=utf-8", "readyz"},
		"/admin.css":                         {"text/css; charset=utf-8", "#plots"},
		"/colors.css":                        {"text/css; charset=utf-8", "--accent"},
		"/metrics":                           {"", "members 1"},
		"/healthz":                           {"text/plain; charset=utf-8", "ok"},
		"/readyz":                            {"text/plain; charset=utf-8", "ok"},
		"/api/v1/rooms":                      {"application/json", `"<lobby>"`},
		"/debug/pprof/":                      {"text/html; charset=utf-8", "goroutine"},
		"/debug/pprof/goroutine?debug=1":     {"text/plain; charset=utf-8", "goroutine profile"},
		"/debug/pprof/cmdline":               {"text/plain; charset=utf-8", ""},
		"/debug/pprof/symbol":                {"text/plain; charset=utf-8", ""},
		"/debug/pprof/trace?seconds=0.00001": {"application/octet-stream", ""},
	} {
		res := get(t, h, "GET", "http://localhost"+path)
		if got := body(t, res); res.StatusCode != http.StatusOK || !strings.Contains(got, c.part) || c.kind != "" && res.Header.Get("Content-Type") != c.kind {
			t.Errorf("%s: %s, %v, %.200q", path, res.Status, res.Header, got)
		}
		if res.Header.Get("Content-Security-Policy") != policy {
			t.Errorf("%s has no policy", path)
		}
		if res := get(t, h, "GET", "http://rebound.example"+path); res.StatusCode != http.StatusMisdirectedRequest && path != "/healthz" {
			t.Errorf("%s for another host: %s", path, res.Status)
		}
	}
	for _, path := range []string{"/metrics", "/api/v1/rooms", "/"} {
		if res := get(t, h, "POST", "http://localhost"+path); res.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %s", path, res.Status)
		}
	}
	if res := get(t, h, "GET", "http://localhost/ws"); res.StatusCode != http.StatusNotFound {
		t.Errorf("/ws: %s", res.Status)
	}
	var list []string
	if err := json.Unmarshal([]byte(body(t, get(t, h, "GET", "http://localhost/api/v1/rooms"))), &list); err != nil || len(list) != 1 {
		t.Errorf("%q, %v", list, err)
	}
}

// TestChecks checks the answer of a server that does not work, on both listeners.
func TestChecks(t *testing.T) {
	err := errors.New("history can't be written")
	fails := func(context.Context) error { return err }
	for name, h := range map[string]http.Handler{"public": New(Options{Health: fails}), "admin": admin(nil, err)} {
		for _, path := range []string{"/healthz", "/readyz"} {
			if name == "public" && path == "/readyz" {
				continue
			}
			res := get(t, h, "GET", path)
			if got := body(t, res); res.StatusCode != http.StatusServiceUnavailable || got != "history can't be written\n" || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: %s, %q", name, path, res.Status, got)
			}
		}
	}
	if res := get(t, New(Options{Health: fails}), "GET", "/readyz"); res.StatusCode != http.StatusNotFound {
		t.Errorf("the public listener answers /readyz: %s", res.Status)
	}
}
