package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A fakeHistory has the messages of the lobby.
type fakeHistory struct {
	messages []HistoryMessage
	err      error
	wait     <-chan struct{} // Read waits for it; nil for no wait
	anyRoom  bool            // Room accepts any name
}

func (f fakeHistory) Room(name string) (string, error) {
	if f.anyRoom {
		return name, nil
	}
	room := strings.ToLower(name)
	if room == "" || strings.Trim(room, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return "", errors.New("not a room")
	}
	return room, nil
}

func (f fakeHistory) Read(room string, g HistoryRange) (found []HistoryMessage, more bool, err error) {
	if f.wait != nil {
		<-f.wait
	}
	if !f.anyRoom && room != "lobby" || f.err != nil {
		return nil, false, f.err
	}
	for _, m := range f.messages {
		if m.ID > g.After && (g.Before == 0 || m.ID < g.Before) {
			found = append(found, m)
		}
	}
	if len(found) <= g.Limit {
		return found, false, nil
	}
	if g.Newest {
		return found[len(found)-g.Limit:], true, nil
	}
	return found[:g.Limit], true, nil
}

// said returns n messages with the ids 3, 6, 9 and so on, whose texts are numbered and then have text.
func said(n int, text string) []HistoryMessage {
	all := make([]HistoryMessage, n)
	at := time.Date(2026, 11, 24, 17, 20, 5, 123e6, time.FixedZone("", 3600))
	for i := range all {
		text := fmt.Sprint(i, " ", text)
		all[i] = HistoryMessage{ID: int64(3 * (i + 1)), At: at.Add(time.Duration(i) * time.Minute), From: "alice", Text: text, Lines: "alice: " + text}
	}
	return all
}

// TestHistoryPages follows the links of pages, below a prefix that a proxy strips, from the newest
// messages to the oldest and back. Each message is there exactly once, in both forms.
func TestHistoryPages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		n    int
		text string
	}{{0, ""}, {1, "x"}, {99, "x"}, {100, "x"}, {101, "x"}, {200, "x"}, {735, "x"}, {50, strings.Repeat("\"", 4000)}, {40, strings.Repeat("x\n", 2000)}, {3, strings.Repeat("<", historyBytes)}} {
		history := fakeHistory{messages: said(test.n, test.text)}
		var want []int64
		for _, m := range history.messages {
			want = append(want, m.ID)
		}
		h := http.StripPrefix("/a/b", New(Options{IsExempt: exemptAll, History: history}))
		for _, accept := range []string{"text/html", "text/plain"} {
			pages, next := follow(t, h, "/a/b/log/lobby", accept, "prev")
			slices.Reverse(pages)
			if got := slices.Concat(pages...); !slices.Equal(got, want) {
				t.Errorf("%d messages as %s, back from the newest: got %v", test.n, accept, got)
			}
			if next != "" && test.n > 0 {
				t.Errorf("%d messages as %s: the first page has a next one: %s", test.n, accept, next)
			}
			pages, _ = follow(t, h, "/a/b/log/lobby?after=0", accept, "next")
			if got := slices.Concat(pages...); !slices.Equal(got, want) {
				t.Errorf("%d messages as %s, from the oldest on: got %v", test.n, accept, got)
			}
		}
	}
}

// TestHistoryLinkHeader follows the links of a room whose name needs escapes in a URL. A header has ASCII only.
func TestHistoryLinkHeader(t *testing.T) {
	h := New(Options{IsExempt: exemptAll, History: fakeHistory{messages: said(250, "x"), anyRoom: true}})
	at := "/log/%D0%BE%D0%BF%D0%B5%D1%80%D1%8B"
	pages, _ := follow(t, h, at, "text/html", "prev")
	if len(pages) != 3 {
		t.Errorf("%d pages of 250 messages", len(pages))
	}
	if link := get(t, h, "GET", at).Header.Get("Link"); strings.Trim(link, `<>./?="; %`+letters) != "" {
		t.Errorf("the Link header is %q", link)
	}
}

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// follow gets a page and those that it leads to, and returns the ids of the messages on each, and the
// URL of the page after the first.
func follow(t *testing.T, h http.Handler, at, accept, rel string) (pages [][]int64, next string) {
	t.Helper()
	for first := true; at != ""; first = false {
		if len(pages) > 1000 {
			t.Fatal("the pages do not end")
		}
		res := get(t, h, "GET", at, "Accept", accept)
		text := body(t, res)
		if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), accept) {
			t.Fatalf("%s: %s, %s", at, res.Status, res.Header.Get("Content-Type"))
		}
		links := headerLinks(t, res.Header.Get("Link"))
		if accept == "text/html" {
			page := parsePage(t, text)
			page.checkLinks(t, h, at)
			if got := page.rels(); !strings.EqualFold(got["prev"], links["prev"]) || !strings.EqualFold(got["next"], links["next"]) { // escapes may be in any case
				t.Errorf("%s has the links %v in its header, and %v in its head", at, links, got)
			}
			pages = append(pages, page.ids(t))
		} else {
			pages = append(pages, lineIDs(t, text))
		}
		if len(text) > 2*historyBytes && len(pages[len(pages)-1]) > 1 {
			t.Errorf("%s has %d bytes", at, len(text))
		}
		if first {
			next = links["next"]
		}
		at = resolve(t, at, links[rel])
	}
	return pages, next
}

// resolve returns the path and the query of a relative URL on a page, or "" if it is "".
func resolve(t *testing.T, page, relative string) string {
	t.Helper()
	if relative == "" {
		return ""
	}
	base, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	target, err := base.Parse(relative)
	if err != nil || target.Host != "" || target.Scheme != "" || strings.HasPrefix(relative, "/") {
		t.Fatalf("the link %q is not relative: %v", relative, err)
	}
	return target.RequestURI()
}

// headerLinks returns the URLs of a Link header by their relation.
func headerLinks(t *testing.T, header string) map[string]string {
	t.Helper()
	links := make(map[string]string)
	for link := range strings.SplitSeq(header, ", ") {
		if link == "" {
			continue
		}
		target, rel, ok := strings.Cut(link, `>; rel="`)
		if !ok || target[0] != '<' {
			t.Fatalf("the Link header is %q", header)
		}
		links[strings.TrimSuffix(rel, `"`)] = target[1:]
	}
	return links
}

// lineIDs returns the ids at the start of lines, each once.
func lineIDs(t *testing.T, text string) (ids []int64) {
	t.Helper()
	for line := range strings.Lines(text) {
		word, _, _ := strings.Cut(line, " ")
		id, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			t.Fatalf("the line %.80q has no id", line)
		}
		if len(ids) == 0 || ids[len(ids)-1] != id {
			ids = append(ids, id)
		}
	}
	return ids
}

func TestHistoryText(t *testing.T) {
	messages := said(2, "hello")
	messages[0].Lines = "alice: one\nalice: \nalice: * bob has left"
	messages[1].Lines = "~ bob waves"
	h := New(Options{IsExempt: exemptAll, History: fakeHistory{messages: messages}})
	const want = "3 2026-11-24 16:20 alice: one\n3 2026-11-24 16:20 alice: \n3 2026-11-24 16:20 alice: * bob has left\n6 2026-11-24 16:21 ~ bob waves\n"
	for _, path := range []string{"/log/LOBBY", "/m/lobby/6", "/log/lobby?after=2&utm=x"} {
		if got := body(t, get(t, h, "GET", path, "Accept", "text/plain")); got != want {
			t.Errorf("%s:\n%s", path, got)
		}
	}
	if got := body(t, get(t, h, "GET", "/log/empty", "Accept", "text/plain")); got != "" {
		t.Errorf("a room without messages: %q", got)
	}
}

// TestHistoryContext requests each message of a room. Its page has the ones around it.
func TestHistoryContext(t *testing.T) {
	h := New(Options{IsExempt: exemptAll, History: fakeHistory{messages: said(30, "x")}})
	for i := range 30 {
		id := int64(3 * (i + 1))
		path := fmt.Sprint("/m/lobby/", id)
		page := parsePage(t, body(t, get(t, h, "GET", path)))
		page.checkLinks(t, h, path)
		first, last := max(id-3*contextLimit, 3), min(id+3*contextLimit, 90)
		ids := page.ids(t)
		if ids[0] != first || ids[len(ids)-1] != last || int64(len(ids)) != (last-first)/3+1 {
			t.Errorf("%s has %v", path, ids)
		}
		if got := page.current(); got != fmt.Sprint("m", id) {
			t.Errorf("%s marks %q", path, got)
		}
		rels := page.rels()
		if got, want := rels["prev"], fmt.Sprint("../../log/lobby?before=", first); (got == want) != (first > 3) || first == 3 && got != "" {
			t.Errorf("%s: the link to earlier messages is %q", path, got)
		}
		if got, want := rels["next"], fmt.Sprint("../../log/lobby?after=", last); (got == want) != (last < 90) || last == 90 && got != "" {
			t.Errorf("%s: the link to later messages is %q", path, got)
		}
	}
}

// historyHeader is what each answer has.
var historyHeader = map[string]string{
	"Content-Security-Policy":      historyPolicy,
	"X-Content-Type-Options":       "nosniff",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Resource-Policy": "same-origin",
	"X-Frame-Options":              "DENY",
	"X-Robots-Tag":                 "noindex",
	"Vary":                         "Accept",
	"Access-Control-Allow-Origin":  "",
}

// TestHistoryHeader requests pages in both forms, and what is no page.
func TestHistoryHeader(t *testing.T) {
	h := New(Options{IsExempt: exemptAll, History: fakeHistory{messages: said(3, "x")}})
	for path, want := range map[string]int{
		"/log/lobby": 200, "/log/Lobby": 200, "/log/empty": 200, "/log/lobby?before=9007199254740991": 200, "/log/lobby?before=1": 200,
		"/log/lobby?after=100": 200, "/log/lobby?before=0": 200, "/log/%6C%6fbby": 200, "/log/lobby?x=%3Cb%3E": 200, "/m/lobby/3": 200, "/m/lobby/003": 200,
		"/log/a.b": 404, "/log/a%2Fb": 404, "/log/%2e%2e": 404, "/log/%23lobby": 404, "/log/caf%C3%A9": 404, "/log/%00": 404,
		"/log/lobby?before=x": 404, "/log/lobby?before=": 404, "/log/lobby?before=-1": 404, "/log/lobby?before=+1": 404, "/log/lobby?after=1.5": 404,
		"/log/lobby?before=9007199254740992": 404, "/log/lobby?after=99999999999999999999": 404, "/log/lobby?before=1&before=2": 404,
		"/log/lobby?before=1&after=2": 404, "/log/lobby?%zz": 404, "/log/lobby?a;b": 404,
		"/m/lobby/4": 404, "/m/lobby/0": 404, "/m/lobby/-3": 404, "/m/lobby/x": 404, "/m/lobby/9007199254740992": 404, "/m/empty/3": 404, "/m/a.b/3": 404,
	} {
		for _, accept := range []string{"text/html", "text/plain"} {
			res := get(t, h, "GET", path, "Accept", accept)
			content := body(t, res)
			if res.StatusCode != want {
				t.Errorf("%s: %s", path, res.Status)
				continue
			}
			for name, value := range historyHeader {
				if got := res.Header.Get(name); got != value {
					t.Errorf("%s: %s: %q", path, name, got)
				}
			}
			if want == http.StatusNotFound {
				if res.Header.Get("Content-Type") != "text/plain; charset=utf-8" || len(content) > 200 || strings.Count(content, "\n") != 1 {
					t.Errorf("%s: %s: %q", path, res.Header.Get("Content-Type"), content)
				}
				continue
			}
			tag := res.Header.Get("ETag")
			if res.Header.Get("Cache-Control") != "no-cache" || tag == "" {
				t.Errorf("%s: %v", path, res.Header)
			}
			if head := get(t, h, "HEAD", path, "Accept", accept); head.ContentLength != int64(len(content)) || body(t, head) != "" {
				t.Errorf("HEAD %s: length %d", path, head.ContentLength)
			}
			if same := get(t, h, "GET", path, "Accept", accept, "If-None-Match", tag); same.StatusCode != http.StatusNotModified {
				t.Errorf("%s again: %s", path, same.Status)
			}
		}
	}
}

// TestHistoryOff tests that a server without a History has none of its paths.
func TestHistoryOff(t *testing.T) {
	h := New(Options{})
	for _, path := range []string{"/log/lobby", "/m/lobby/3", "/log.css"} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST"} {
			if res := get(t, h, method, path); res.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s: %s", method, path, res.Status)
			}
		}
	}
}

// TestHistoryHost requests a page by the name of another site.
func TestHistoryHost(t *testing.T) {
	hosts, err := ParseHosts([]string{"chat.example"})
	if err != nil {
		t.Fatal(err)
	}
	h := New(Options{IsExempt: exemptAll, History: fakeHistory{messages: said(3, "secret")}, Hosts: hosts})
	res := get(t, h, "GET", "http://evil.example/log/lobby")
	if text := body(t, res); res.StatusCode != http.StatusMisdirectedRequest || strings.Contains(text, "secret") {
		t.Errorf("%s: %s", res.Status, text)
	}
}

func TestWantsText(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "text/*": false, "text/html": false, "image/png": false,
		"text/plain": true, "TEXT/Plain; charset=utf-8": true, "text/plain, */*": true, "text/plain, text/*": true,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": false,
		"text/html, text/plain": false, "text/plain, text/html": false, "text/html;q=0.8, text/plain": true, "text/html, text/plain;q=0.9": false,
		"text/html;q=0, */*": true, "text/plain;q=0": false, "text/plain;q=x": false, "text/plain;q": false, ",;, text/plain ,": true,
		"text/html, text/plain, text/sgml;q=0.01, */*;q=0.01": false, "text/plain;q=0.5, */*": false,
	} {
		if got := wantsText([]string{accept}); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
	if !wantsText([]string{"image/png", "text/plain"}) {
		t.Error("the second header does not count")
	}
}

// TestHues tests that the stylesheet has the class of each hue, and that a name has about the hue that
// it has on the page of the chat and on a terminal.
func TestHues(t *testing.T) {
	style := body(t, get(t, New(Options{History: fakeHistory{}}), "GET", "/log.css"))
	for i := range 24 {
		if !strings.Contains(style, fmt.Sprintf("\n.hue-%d {\n  --hue: %d;\n}\n", i, 15*i+7)) {
			t.Errorf("there is no class hue-%d", i)
		}
	}
	for name, hue := range map[string]int{"alice": 317, "ALICE": 317, "bob": 216, "carol": 284, "Straße": 9, "guest-x7k2": 218, "éva": 196, "日本": 339} {
		if got := hueClass(name); got != hue/15 {
			t.Errorf("%s has the class %d, not that of %d degrees", name, got, hue)
		}
	}
}
