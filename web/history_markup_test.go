package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// markup are texts that try to become elements, attributes, URLs with code, or styles.
var markup = []string{
	`<script>alert(1)</script>`, `<SCRIPT SRC=//evil.example/x.js></SCRIPT>`, `<scr<script>ipt>alert(1)</scr</script>ipt>`,
	`<img src=x onerror=alert(1)>`, `<img src="javascript:alert(1)">`, `<IMG """><SCRIPT>alert(1)</SCRIPT>">`, `<img/src=x/onerror=alert(1)>`,
	`<svg onload=alert(1)>`, `<svg><script>alert(1)</script></svg>`, `<svg><style><img src=x onerror=alert(1)></style></svg>`,
	`<svg><a xlink:href="javascript:alert(1)"><text y=1em>x</text></a></svg>`, `<math><mtext></p><img src=x onerror=alert(1)></mtext></math>`,
	`<math><mi//xlink:href="data:x,<script>alert(1)</script>">`, `<iframe src="javascript:alert(1)"></iframe>`, `<iframe srcdoc="<script>alert(1)</script>">`,
	`<object data="javascript:alert(1)">`, `<embed src="data:text/html,<script>alert(1)</script>">`, `<body onload=alert(1)>`, `<html onclick=alert(1)>`,
	`<a href="javascript:alert(1)">x</a>`, `<a href=" &#1; javascript:alert(1)">x</a>`, `<a href="java&Tab;script:alert(1)">x</a>`,
	`<form action="javascript:alert(1)"><button>x</button></form>`, `<button formaction=javascript:alert(1)>x`, `<input autofocus onfocus=alert(1)>`,
	`<details open ontoggle=alert(1)>`, `<video><source onerror=alert(1)>`, `<audio src=x onerror=alert(1)>`, `<marquee onstart=alert(1)>`,
	`<style>@import "//evil.example/x.css";</style>`, `<link rel=stylesheet href=//evil.example/x.css>`, `<base href="//evil.example/">`,
	`<meta http-equiv=refresh content="0;url=javascript:alert(1)">`, `<meta name=robots content=index>`, `<template><img src=x onerror=alert(1)></template>`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<!--<img src="--><img src=x onerror=alert(1)//">`, `<!doctype html><p>`, `<?xml version="1.0"?>`,
	`<![CDATA[<script>alert(1)</script>]]>`, `</title><script>alert(1)</script>`, `</p></li></ol></main><script>alert(1)</script>`, `</bdi><b>`, `</body></html>`,
	`<plaintext>`, `<textarea>`, `<xmp>`, `<select><option>`, `<table><tr><td>`, `<frameset onload=alert(1)>`,
	`" onmouseover="alert(1)`, `' onmouseover='alert(1)`, `" autofocus onfocus=alert(1) x="`, `"><script>alert(1)</script>`, `'><script>alert(1)</script>`, "` onmouseover=alert(1)",
	`x" style="background:url(//evil.example)`, `x" class="current`, `m3" id="m6`, `javascript:alert(1)`, `data:text/html,<script>alert(1)</script>`, `vbscript:x`, `//evil.example/`, `\\evil.example\`,
	`{{.Root}}`, `{{define "pages"}}x{{end}}`, `&lt;script&gt;alert(1)&lt;/script&gt;`, `&#60;script&#62;`, `&#x3c;script>`, `&amp;&quot;&apos;`, `&notanentity`, `&`, `<`, `>`, `<>`, `</`, `<!`, `<a`, `%3Cscript%3E`, `%22%3E%3Cscript%3E`,
	`\u003cscript\u003e`, `+ADw-script+AD4-alert(1)+ADw-/script+AD4-`, "\ufeff<script>", "<\u017fcript>alert(1)</\u017fcript>", "\uff1cscript\uff1e", "<img\tsrc=x\tonerror=alert(1)>", "<img\nsrc=x\nonerror=alert(1)>",
	"line one\n<b>line two</b>\n</p>", "<b\u0301>", "\U0001f600<b>", "a\u200bb<i>", "\ufffd<script\ufffd>",
}

// TestHistoryMarkup shows texts with markup as a name, a text, an action and a room. The page has the
// elements and the attributes that it has with a plain text, and shows each text as it is.
func TestHistoryMarkup(t *testing.T) {
	if len(markup) < 60 {
		t.Fatalf("there are only %d texts", len(markup))
	}
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
	for _, text := range markup {
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
