package page

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// views are the views of the pages that must be accessible. Each function opens one. settle, if it is set, opens what
// another size of the window has closed. A short run has only those with short set.
var views = []struct {
	name   string
	open   func(t *testing.T) *browser.Page
	settle string
	short  bool
}{
	{name: "an empty room", open: func(t *testing.T) *browser.Page {
		return browser.Open(t, startScripted(t, defaultAnswer).url)
	}},
	{name: "entries of all kinds", open: openEntries, short: true},
	{name: "entries of all kinds in Chinese", open: func(t *testing.T) *browser.Page { return openEntriesIn(t, "zh-CN") }},
	{name: "members", open: openEntries, settle: `document.querySelector("#people").open = true`},
	{name: "other rooms", open: func(t *testing.T) *browser.Page {
		page := openEntries(t)
		browser.Eval[bool](page, `document.querySelector("#other-rooms").open = true`)
		browser.Await[bool](page, `document.querySelector("#other-rooms button") !== null`)
		return page
	}},
	{name: "a private conversation", open: func(t *testing.T) *browser.Page {
		page := openEntries(t)
		page.Show("bob")
		page.Expect("for you alone")
		return page
	}},
	{name: "search results", open: func(t *testing.T) *browser.Page {
		page := openEntries(t)
		page.Do(chromedp.SendKeys(chromedp.CSS("#words"), "hello"), browser.Enter(0))
		browser.Await[bool](page, `document.querySelectorAll("#results li").length > 0`)
		return page
	}},
	{name: "suggestions", open: func(t *testing.T) *browser.Page {
		page := openEntries(t)
		page.Do(chromedp.SendKeys(box, "/"), chromedp.SendKeys(box, "\t"))
		browser.Await[bool](page, `document.querySelector("[role=option][aria-selected=true]") !== null`)
		return page
	}},
	{name: "the question about a paste", open: func(t *testing.T) *browser.Page {
		page := openEntries(t)
		page.Do(chromedp.Focus(box))
		paste(page, "one\ntwo\n")
		browser.Await[bool](page, `document.querySelector("#say-form .question button") !== null`)
		return page
	}},
	{name: "the shortcuts", open: openEntries, settle: `document.querySelector("#shortcuts").showModal()`},
	{name: "the choice of a day", open: openEntries, settle: `document.querySelector("#date").showModal()`},
	{name: "a newer version", open: func(t *testing.T) *browser.Page {
		page := openEntries(t)
		browser.Eval[bool](page, `document.querySelector("#offer").hidden = false, document.querySelector("#offer p").textContent = "A newer version", true`)
		return page
	}},
	{name: "refused input", open: func(t *testing.T) *browser.Page {
		page := openEntries(t)
		for _, form := range []string{"nick", "room"} {
			browser.Eval[bool](page, fmt.Sprintf(`((form) => (form.querySelector("input").value = "refused", form.requestSubmit(), true))(document.querySelector("#%s-form"))`, form))
			browser.Await[bool](page, fmt.Sprintf(`document.querySelector("#%s-error").textContent !== ""`, form))
		}
		page.Say("/unknown")
		browser.Await[bool](page, `document.querySelector("#say-error").textContent !== ""`)
		return page
	}},
	{name: "no connection", open: func(t *testing.T) *browser.Page {
		s := harness.StartServer(t, nil)
		page := browser.Open(t, "http://"+s.HTTP)
		s.Stop()
		page.ExpectState("waiting")
		page.Say("later")
		page.ExpectPending("later")
		return page
	}},
	{name: "a full server", open: func(t *testing.T) *browser.Page {
		s := harness.StartServer(t, func(c *app.Config) { c.Limits.MaxMembers = 1 })
		harness.Netcat(t, s.TCP)
		page := browser.Visit(t, "http://"+s.HTTP)
		page.ExpectState("waiting")
		return page
	}},
	{name: "the log of a room", open: func(t *testing.T) *browser.Page {
		url, id := startHistory(t)
		return browser.Visit(t, fmt.Sprintf("%s/log/lobby?before=%d", url, id))
	}},
	{name: "a message with its context", open: func(t *testing.T) *browser.Page {
		url, id := startHistory(t)
		return browser.Visit(t, fmt.Sprintf("%s/m/lobby/%d", url, id))
	}},
	{name: "the operator's page", open: func(t *testing.T) *browser.Page {
		s := harness.StartProgram(t, "--admin", "127.0.0.1:0")
		harness.Netcat(t, s.TCP)
		page := browser.Visit(t, "http://"+harness.ExpectLine(t, s.Err, `.*msg=listening admin=(\S+)`)[0])
		browser.Await[bool](page, `document.querySelectorAll("#rooms tr").length > 0`)
		return page
	}},
}

// TestAccessible checks all views with axe-core, in windows of several sizes and in both themes.
func TestAccessible(t *testing.T) {
	axe := needAxe(t)
	windows := []window{{1100, 700, "light"}, {320, 640, "dark"}}
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			if !v.short {
				harness.SkipIfShort(t)
			}
			page := v.open(t)
			for _, w := range windows {
				w.emulate(page)
				if v.settle != "" {
					// The dialog that an earlier size has opened is closed, because it can't be opened twice.
					browser.Eval[bool](page, `(document.querySelector("dialog[open]")?.close(), `+v.settle+`, true)`)
				}
				for _, violation := range violations(page, axe) {
					t.Errorf("%d pixels wide, %s: %s", w.width, w.theme, violation)
				}
			}
		})
	}
}

// needAxe returns the script of axe-core.
func needAxe(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile(harness.RepoPath(".ci/js/node_modules/axe-core/axe.min.js"))
	if err != nil {
		t.Skip("axe-core is not installed (install it with: make deps)")
	}
	return string(script)
}

// violations returns the violations that axe finds in a page. The rules are those of WCAG 2.2 AA, and best practices.
func violations(page *browser.Page, axe string) []string {
	// The page's content security policy does not apply to the debugger.
	browser.Eval[bool](page, `typeof axe === "object" || (() => {`+axe+`; return true; })()`)
	return browser.Eval[[]string](page, `axe.run(document, {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
		rules: {
			"target-size": { enabled: true }, // axe leaves it out by default
			// It takes links to messages for skip links. The page loads their targets when they are followed.
			"skip-link": { enabled: false },
		},
		resultTypes: ["violations"],
	}).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes
		// ARIA in HTML has no combobox of several lines. Screen readers treat this one like an input.
		.filter(({ target }) => id !== "aria-allowed-role" || target.join() !== "#text")
		.map(({ target, html, failureSummary }) => [id, target.join(" "), html.slice(0, 200), failureSummary].join("\n"))))`)
}

// TestPageForcedColors replaces the colours of the page by two of the reader. What differs from others of its kind by its
// background is still told apart.
func TestPageForcedColors(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	page := openEntries(t)
	page.Do(chromedp.EmulateViewport(1100, 700))
	forceColors(page, "dark")
	browser.Eval[bool](page, `(document.querySelector(".mute").ariaPressed = "true", true)`)
	for different, others := range map[string]string{
		"#log .own.message .text":      "#log .message:not(.own, .mention) .text",
		"#log .mention .text":          "#log .message:not(.own, .mention) .text",
		"#places [aria-current]":       "#places .open:not([aria-current])",
		"#places .mention .unread":     "#places li:not(.mention) .unread",
		"#options [aria-pressed=true]": "#show-shortcuts",
	} {
		looks := browser.Eval[[]string](page, `["`+different+`", "`+others+`"].map((s) => {
			const { backgroundColor, borderLeft, outline } = getComputedStyle(document.querySelector(s));
			return [backgroundColor, borderLeft, outline].join(" ");
		})`)
		if looks[0] == looks[1] {
			t.Errorf("%s looks as %s: %s", different, others, looks[0])
		}
	}
}

// openEntries opens the page as alice in a room with entries of all kinds.
func openEntries(t *testing.T) *browser.Page {
	t.Helper()
	return openEntriesIn(t, "en-US")
}

// openEntriesIn is openEntries for a browser that prefers these languages.
func openEntriesIn(t *testing.T, languages string) *browser.Page {
	t.Helper()
	message := func(id int, typ, from, text string) object {
		return object{"type": typ, "id": id, "at": scriptedTime, "room": "lobby", "from": from, "via": "tcp", "text": text}
	}
	old := []object{
		message(1, "message", "bob", "hello Alice"),
		message(2, "message", "bob", "**strong** *emphasis* `code` #ops https://example.com/\n> a quote"),
		message(3, "message", "bob", "```\nblock\n```"),
		message(4, "action", "bob", "waves"),
		message(5, "message", "alice", "my own"),
		message(6, "message", "carol", "long"+strings.Repeat("\n", 30)+"message"),
		message(7, "message", "carol", "😀"),
	}
	old[4]["stored"] = false
	at := func(e object) object {
		e["at"] = scriptedTime
		return e
	}
	s := startScripted(t, func(r request) []object {
		switch r.Type {
		case "resume":
			if r.Room == "refused" {
				return []object{{"type": "error", "ref": r.Ref, "code": "room_invalid", "message": "it is refused"}}
			}
			members := []object{{"nick": "alice", "via": "ws"}, {"nick": "bob", "via": "tcp", "idle": 900}, {"nick": "carol"}}
			return []object{{
				"type": "welcome", "ref": r.Ref, "room": "lobby", "nick": "alice", "token": "secret", "members": members, "count": 9, "last": 7,
			}}
		case "history", "search":
			return []object{{"type": r.Type, "ref": r.Ref, "messages": old, "more": r.Type == "search"}}
		case "rooms":
			return []object{{"type": "rooms", "ref": r.Ref, "rooms": []object{{"room": "lobby", "count": 9}, {"room": "ops", "count": 3}}}}
		case "nick":
			return []object{{"type": "error", "ref": r.Ref, "code": "nick_invalid", "message": "it is refused"}}
		case "say":
			switch r.Text {
			case "waits":
				return nil
			case "fails":
				return []object{{"type": "error", "ref": r.Ref, "key": r.Key, "code": "forbidden", "message": "it is forbidden"}}
			}
			return []object{
				{"type": "ack", "ref": r.Ref, "key": r.Key, "id": 8},
				message(8, "message", "alice", r.Text),
				at(object{"type": "join", "nick": "dave", "via": "tcp"}),
				message(9, "message", "bob", "between"),
				at(object{"type": "join", "nick": "erin", "via": "tcp"}),
				at(object{"type": "leave", "nick": "dave", "text": "bye"}),
				at(object{"type": "nick", "nick": "erin", "to": "frank"}),
				{"type": "notice", "message": "a notice"},
				{"type": "error", "code": "some_code", "message": "an error"},
				{"type": "gap", "after": 9, "before": 20, "missed": 10},
				message(20, "message", "bob", "after the gap"),
				{"type": "gap", "after": 20, "before": 30, "missed": 9, "lost": true},
				at(object{"type": "private", "from": "bob", "to": "alice", "text": "for you alone"}),
				message(30, "message", "bob", "newest"),
			}
		}
		return defaultAnswer(r)
	})
	page := visitIn(t, languages, s.url)
	page.ExpectState("open")
	// What arrives while the page is hidden comes after a mark.
	const hide = `(Object.defineProperty(document, "hidden", { value: %t, configurable: true }), document.dispatchEvent(new Event("visibilitychange")))`
	browser.Eval[bool](page, fmt.Sprintf(hide, true))
	page.Say("now")
	page.Expect("newest")
	browser.Await[bool](page, `document.querySelector("#log .unseen") !== null`)
	browser.Eval[bool](page, fmt.Sprintf(hide, false))
	page.Say("/help")
	page.Say("fails")
	page.Say("waits")
	page.ExpectPending("fails", "waits")
	browser.Await[bool](page, `document.querySelector("#log .pending .failed, #log .pending button") !== null`)
	return page
}

// startHistory starts a server whose lobby has a history, and returns its URL and the id of a message in the middle.
func startHistory(t *testing.T) (url string, id int64) {
	t.Helper()
	s := harness.StartServer(t, func(c *app.Config) { c.PublicLog = true })
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot")
	for i, text := range []string{"first", "**strong** `code` https://example.com/\n> a quote", "```\nblock\n```"} {
		bot.Say(t, fmt.Sprint("old-", i), text)
	}
	bot.Request(t, map[string]any{"type": "me", "text": "waves"})
	id = bot.Say(t, "middle", "in the middle").ID
	for i := range 3 {
		bot.Say(t, fmt.Sprint("later-", i), fmt.Sprint("later ", i))
	}
	return "http://" + s.HTTP, id
}
