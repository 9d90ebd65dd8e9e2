package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
)

// readMarkup returns texts that try to become elements, attributes, URLs with code, or styles.
func readMarkup(t *testing.T) (texts []string) {
	t.Helper()
	data, err := os.ReadFile("testdata/markup.json")
	if err == nil {
		err = json.Unmarshal(data, &texts)
	}
	if err != nil || len(texts) < 60 {
		t.Fatalf("%d texts: %v", len(texts), err)
	}
	return texts
}

// TestHistoryMarkup shows texts with markup as a name, a text, an action and a room. The page has the
// elements and the attributes that it has with a plain text, and shows each text as it is.
func TestHistoryMarkup(t *testing.T) {
	markup := readMarkup(t)
	messages := said(3, "x")
	h := New(Options{IsExempt: exemptAll, History: fakeHistory{messages: messages, anyRoom: true}})
	page := func(text, room, path string) parsedPage {
		t.Helper()
		for i := range messages {
			messages[i].From, messages[i].Text, messages[i].Action = text, text, i == 1
		}
		res := get(t, h, "GET", strings.Replace(path, "ROOM", url.PathEscape(room), 1))
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%q: %s", text, res.Status)
		}
		return parsePage(t, body(t, res))
	}
	for _, path := range []string{"/log/ROOM?before=9", "/m/ROOM/6"} {
		plain := page("plain", "lobby", path).shape()
		for _, text := range markup {
			for _, room := range []string{"lobby", text} {
				p := page(text, room, path)
				if got := p.shape(); got != plain {
					t.Errorf("%s with %q has other elements:\n%s", path, text, got)
				}
				if got := p.with("name"); len(got) < 3 || slices.ContainsFunc(got, func(s string) bool { return s != text }) {
					t.Errorf("%s: the names are %q, not %q", path, got, text)
				}
				for i, got := range p.with("text") {
					if got != text && (i != 1 || got != text+" "+text) {
						t.Errorf("%s: the text is %q, not %q", path, got, text)
					}
				}
				for _, n := range p.all("") {
					for _, name := range []string{"href", "src"} {
						if u := attribute(n, name); u != "" && !strings.HasPrefix(u, "../") {
							t.Errorf("%s with %q has the URL %q", path, text, u)
						}
					}
				}
			}
		}
	}
}

// TestHistoryMarkupInURL requests pages with markup in each part of the URL. No answer repeats it.
func TestHistoryMarkupInURL(t *testing.T) {
	h := New(Options{IsExempt: exemptAll, History: fakeHistory{messages: said(3, "x")}})
	plain := parsePage(t, body(t, get(t, h, "GET", "/log/lobby"))).shape()
	for _, text := range readMarkup(t) {
		path, query := url.PathEscape(text), url.QueryEscape(text)
		for _, target := range []string{"/log/" + path, "/m/" + path + "/3", "/m/lobby/" + path, "/log/lobby?before=" + query, "/log/lobby?after=" + query} {
			res := get(t, h, "GET", target)
			answer := body(t, res)
			if res.StatusCode != http.StatusNotFound || res.Header.Get("Content-Type") != "text/plain; charset=utf-8" || strings.Contains(answer, text) && len(text) > 2 {
				t.Errorf("%s: %s: %s", target, res.Status, answer)
			}
		}
		for _, target := range []string{"/log/lobby?" + query, "/log/lobby?x=" + query, "/log/lobby?" + query + "=x"} {
			if res := get(t, h, "GET", target); res.StatusCode != http.StatusOK || parsePage(t, body(t, res)).shape() != plain {
				t.Errorf("%s: %s", target, res.Status)
			}
		}
	}
}

// FuzzHistoryURL requests any path and query in any form. The answer is a page of the expected shape, or
// a 404 that repeats nothing.
func FuzzHistoryURL(f *testing.F) {
	for _, s := range []string{"/log/lobby", "/log/LOBBY", "/m/lobby/3", "/log/%6Cobby", "/m/lobby/%33", "/log/a%2fb", "/log/\xff", "/log//", "/m/lobby/99999999999999999999"} {
		f.Add(s, "before=6", "text/plain")
		f.Add(s, "after=0&x=1", "text/html;q=0.5, */*")
		f.Add(s, "%zz;", `text/plain;q="1`)
	}
	history := fakeHistory{messages: said(3, "x")}
	h := New(Options{IsExempt: exemptAll, History: history})
	elements := []string{"html", "head", "meta", "title", "link", "body", "header", "h1", "img", "a", "nav", "main", "h2", "time", "ol", "li", "p", "bdi", "footer"}
	f.Fuzz(func(t *testing.T, path, query, accept string) {
		if !strings.HasPrefix(path, "/log/") && !strings.HasPrefix(path, "/m/") {
			path = "/log/" + path
		}
		r := httptest.NewRequest("GET", "/", nil)
		if u, err := url.ParseRequestURI(path); err == nil && u.Scheme == "" {
			r.URL = u
		} else {
			r.URL = &url.URL{Path: path}
		}
		r.URL.RawQuery = query
		r.Header["Accept"] = []string{accept}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		res := w.Result()
		text := body(t, res)
		switch {
		case res.StatusCode == http.StatusNotFound:
			if len(text) > 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain") {
				t.Errorf("%s: %s", res.Header.Get("Content-Type"), text)
			}
		case res.StatusCode != http.StatusOK:
			t.Errorf("%s", res.Status)
		case strings.HasPrefix(res.Header.Get("Content-Type"), "text/html"):
			for _, n := range parsePage(t, text).all("") {
				if !slices.Contains(elements, n.Data) {
					t.Errorf("the page has an element %s", n.Data)
				}
			}
		default:
			lineIDs(t, text)
		}
	})
}

// FuzzHistoryRange parses any query. A range that is accepted has at most one bound, and its usual form
// means the same.
func FuzzHistoryRange(f *testing.F) {
	for _, s := range []string{"", "before=1042", "after=1042", "before=0", "after=0", "before=1&after=1", "before=%31", "x=y", "before=9007199254740991", "BEFORE=1", "before", "&&", "%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		g, err := parseHistoryRange(query)
		if err != nil {
			return
		}
		if g.Limit != historyLimit || g.Before < 0 || g.After < 0 || g.Before > maxID || g.After > maxID || g.Before > 0 && g.After > 0 || g.Newest && g.After > 0 || !g.Newest && g.Before > 0 {
			t.Fatalf("%q: %+v", query, g)
		}
		v := historyView{Root: "../", Room: "r", First: g.Before, Last: g.After, HasEarlier: g.Newest, HasLater: !g.Newest}
		for _, link := range headerLinks(t, v.links()) {
			_, usual, _ := strings.Cut(link, "?")
			if again, err := parseHistoryRange(usual); err != nil || again != g {
				t.Errorf("%q: %+v, but %q: %+v, %v", query, g, usual, again, err)
			}
		}
	})
}
