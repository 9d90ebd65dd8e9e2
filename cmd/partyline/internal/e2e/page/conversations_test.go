package page

import (
	"fmt"
	"math"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// listed is what the list of conversations shows: the label and the count of each, with * for the one that is shown
// and ! if a message is for the reader.
const listed = `[...document.querySelectorAll("#conversations li")].map((e) => (e.querySelector("[aria-current]") ? "*" : "") +
	e.querySelector(".label").textContent + " " + e.querySelector(".unread").textContent + (e.classList.contains("mention") ? "!" : "")).join(", ")`

func expectListed(t *testing.T, page *browser.Page, want string) {
	t.Helper()
	browser.Await[bool](page, fmt.Sprintf(`%s === %q`, listed, want))
}

// shownTexts is what the log shows, in order: the texts of messages, and the marks.
const shownTexts = `[...document.querySelectorAll("#log :is(.message .text, .unseen)")].map((e) => e.innerText).join(" / ")`

// TestPageSeveralRooms has a page in two rooms at once. The list shows what is unread in the other room, also after a
// reload, and the address follows.
func TestPageSeveralRooms(t *testing.T) {
	s := harness.StartServer(t, nil)
	lobby := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot")
	ops := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=other&room=ops")
	say := func(bot *harness.Bot, text string) {
		t.Helper()
		bot.Request(t, map[string]any{"type": "say", "text": text})
	}
	page := browser.Open(t, "http://"+s.HTTP)
	page.Say("/nick alice")
	page.AwaitNick("alice")
	page.Say("/join ops")
	ops.Expect(t, "the arrival", func(e harness.Event) bool { return e.Type == "join" && e.Nick == "alice" })
	say(ops, "in ops")
	page.Expect("in ops")
	expectListed(t, page, "#lobby , *#ops ")

	say(lobby, "one")
	expectListed(t, page, "#lobby 1, *#ops ")
	say(lobby, "two for Alice")
	expectListed(t, page, "#lobby 2!, *#ops ")
	browser.Await[bool](page, `document.title === "(2) #ops · partyline" && document.querySelector("link[rel=icon]").href.endsWith("/mention.svg")`)
	if got := browser.Eval[string](page, shownTexts); got != "in ops" {
		t.Errorf("ops shows %s", got)
	}
	page.Do(chromedp.Reload())
	page.ExpectState("open")
	expectListed(t, page, "#lobby 2!, *#ops ")
	page.Show("#lobby")
	expectListed(t, page, "*#lobby , #ops ")
	browser.Await[bool](page, `document.title === "#lobby · partyline" && document.querySelector("link[rel=icon]").href.endsWith("/favicon.svg")`)
	browser.Await[bool](page, shownTexts+` === "New since you looked / one / two for Alice"`)
	if got := browser.Eval[string](page, `document.querySelector("#log .mention .text").innerText`); got != "two for Alice" {
		t.Errorf("%q is highlighted", got)
	}

	say(ops, "more in ops")
	expectListed(t, page, "*#lobby , #ops 1")
	page.Do(chromedp.NavigateBack())
	expectListed(t, page, "#lobby , *#ops ")
	browser.Await[bool](page, shownTexts+` === "in ops / New since you looked / more in ops"`)
	page.Say("from the page")
	ops.Expect(t, "the message", func(e harness.Event) bool { return e.Text == "from the page" && e.From == "alice" })
	page.Do(chromedp.NavigateForward())
	expectListed(t, page, "*#lobby , #ops ")
	if got := browser.Eval[string](page, `location.search`); got != "?room=lobby" {
		t.Errorf("the address has %q", got)
	}

	browser.Eval[bool](page, `(document.querySelector("#conversations [aria-label='Leave #lobby']").click(), true)`)
	lobby.Expect(t, "the leave", func(e harness.Event) bool { return e.Type == "leave" && e.Nick == "alice" })
	expectListed(t, page, "*#ops ")
	if browser.Eval[bool](page, `document.querySelector("#conversations .close").checkVisibility()`) {
		t.Error("the last room can be left")
	}
	say(ops, "the last one")
	page.Expect("the last one")
}

// TestPageRoomLinks clicks on the name of a room in a text.
func TestPageRoomLinks(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot&room=ops")
	nc, _ := harness.Netcat(t, s.TCP)
	page := browser.Open(t, "http://"+s.HTTP)
	nc.Say(t, "look at #Ops, at issue #12 and at a#b")
	page.Expect("look at #Ops, at issue #12 and at a#b")
	if got := browser.Eval[string](page, `[...document.querySelectorAll("#log a.room")].map((e) => e.textContent).join()`); got != "#Ops" {
		t.Errorf("the links are %s", got)
	}
	page.Click("#log a.room")
	bot.Expect(t, "the arrival", func(e harness.Event) bool { return e.Type == "join" })
	expectListed(t, page, "#lobby , *#ops ")
}

// TestPagePrivate has a member write to the reader in private. It is a conversation of its own.
func TestPagePrivate(t *testing.T) {
	s := harness.StartServer(t, nil)
	nc, _ := harness.Netcat(t, s.TCP)
	nc.Say(t, "/nick bob")
	page := browser.Open(t, "http://"+s.HTTP)
	page.Say("/nick alice")
	page.AwaitNick("alice")
	nc.Say(t, "/msg alice psst")
	expectListed(t, page, "*#lobby , bob 1!")
	page.Show("bob")
	expectListed(t, page, "#lobby , *bob ")
	page.Expect("psst")
	page.Say("what is it?")
	harness.ExpectLine(t, nc.Out, "alice -> you: what is it\\?")
	if got := page.Expect("what is it?"); !got.Own {
		t.Errorf("the page shows its own message as %+v", got)
	}
	nc.Say(t, "in the lobby")
	expectListed(t, page, "#lobby 1, *bob ")
	nc.Say(t, "/nick robert")
	expectListed(t, page, "#lobby 1, *robert ")
	page.Say("still there?")
	harness.ExpectLine(t, nc.Out, "alice -> you: still there\\?")
	page.Say("/me waves")
	browser.Await[bool](page, `document.querySelector("#say-error").textContent.includes("can't be an action")`)
	if got := browser.Eval[string](page, typed); got != "/me waves" {
		t.Errorf("the box holds %q", got)
	}
	if got := browser.Eval[string](page, `location.search`); got != "?with=robert" {
		t.Errorf("the address has %q", got)
	}
	page.Show("#lobby")
	page.Expect("in the lobby")
	nc.Say(t, "/msg alice yes")
	for range 2 { // what is unread survives a reload
		expectListed(t, page, "*#lobby , robert 1!")
		page.Do(chromedp.Reload())
		page.ExpectState("open")
	}
	page.Show("robert")
	page.Expect("still there?")
	expectListed(t, page, "#lobby , *robert ")
	browser.Await[bool](page, `document.querySelector("#log .unseen ~ * .text, #log .unseen .text").innerText === "yes"`)
	page.Do(chromedp.Reload())
	page.ExpectState("open")
	page.Show("#lobby")
	expectListed(t, page, "*#lobby , robert ")
}

// TestPageRoomsAfterRestart restarts the server of a page that is in three rooms. The page is in all of them again under
// its name, although the server does not know its token, and has lost nothing.
func TestPageRoomsAfterRestart(t *testing.T) {
	harness.SkipIfShort(t)
	data := t.TempDir() + "/data.db"
	first := harness.StartProgram(t, "--data", data)
	page := browser.Open(t, "http://"+first.HTTP)
	page.Say("/nick alice")
	page.AwaitNick("alice")
	rooms := []string{"lobby", "ops", "dev"}
	for _, room := range rooms[1:] {
		page.Say("/join " + room)
		browser.Await[bool](page, `document.title.startsWith("#`+room+` ")`)
		page.Say("before, in " + room)
		page.ExpectPending()
	}
	first.Stop(t)
	page.ExpectState("waiting")
	for _, room := range rooms {
		page.Show("#" + room)
		page.Say("without a server, in " + room)
		page.ExpectPending("without a server, in " + room)
	}
	second := harness.StartProgram(t, "--data", data, "--tcp", first.TCP, "--http", first.HTTP)
	bots := map[string]*harness.Bot{}
	for _, room := range rooms {
		bots[room] = harness.DialBot(t, "ws://"+second.HTTP+"/ws?since=0&nick=robot-"+room+"&room="+room)
	}
	for _, room := range rooms {
		bots[room].Expect(t, "the message in "+room, func(e harness.Event) bool { return e.Text == "without a server, in "+room && e.From == "alice" })
		page.Show("#" + room)
		page.ExpectState("open")
		page.Expect("without a server, in " + room)
		page.ExpectPending()
		if nick := page.Nick(); nick != "alice" {
			t.Errorf("in %s the page is %s", room, nick)
		}
	}
}

// TestPageCountsUnread opens a page again after more was said than it loads at first. It begins with the first message
// that the reader has not seen.
func TestPageCountsUnread(t *testing.T) {
	harness.SkipIfShort(t)
	page, bot := openAfter(t, 10)
	page.Expect("message 9")
	page.Say("/join ops")
	browser.Await[bool](page, `document.title.startsWith("#ops ")`)
	sayMany(t, bot, 10, 80)
	page.Do(chromedp.Reload())
	page.ExpectState("open")
	expectListed(t, page, "#lobby 80, *#ops ")
	page.Show("#lobby")
	// Where the mark is depends on whether what was said before is loaded by then: a day may begin above it.
	browser.Await[bool](page, `(() => {
		const log = document.querySelector("#log");
		const shown = [...log.querySelectorAll(":is(.message .text, .unseen)")];
		const mark = shown.findIndex((e) => e.matches(".unseen"));
		const y = shown[mark].getBoundingClientRect().top - log.getBoundingClientRect().top;
		return y >= 0 && y < 80 && shown[mark + 1].innerText.startsWith("message 10");
	})()`)
	expectListed(t, page, "*#lobby , #ops ")
}

// TestPageKeepsPlace shows another room and then the first one again. The log is at the same place, although messages have
// arrived.
func TestPageKeepsPlace(t *testing.T) {
	harness.SkipIfShort(t)
	page, bot := openAfter(t, 400)
	page.Expect("message 399")
	before := firstPlace(page, -700)
	browser.Await[bool](page, `!document.querySelector("#to-end").hidden`)
	page.Say("/join ops")
	browser.Await[bool](page, `document.title.startsWith("#ops ")`)
	sayMany(t, bot, 400, 400)
	expectListed(t, page, "#lobby 99+, *#ops ")
	page.Show("#lobby")
	if after := placeLater(page, before.N); after.N != before.N || math.Abs(after.Y-before.Y) > 2 {
		t.Errorf("the reader is at %+v, and was at %+v", after, before)
	}
	browser.Await[bool](page, `document.querySelector("#to-end").innerText === "400 new messages"`)
	page.Click("#to-end")
	browser.Await[bool](page, `[...document.querySelectorAll("#log .message .text")].at(-1).innerText.startsWith("message 799")`)
}

// TestPageWritesToMember chooses a member in the list.
func TestPageWritesToMember(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	nc, _ := harness.Netcat(t, s.TCP)
	nc.Say(t, "/nick bob")
	page := browser.Open(t, "http://"+s.HTTP)
	page.Do(chromedp.EmulateViewport(1100, 700)) // with the list of members
	page.Click(`#members [data-nick="bob"] button`)
	expectListed(t, page, "#lobby , *bob ")
	browser.Await[bool](page, `document.activeElement.id === "text"`)
	page.Say("psst")
	harness.ExpectLine(t, nc.Out, page.Nick()+" -> you: psst")
	if browser.Eval[bool](page, `document.querySelector("#members li:has(button) + li:has(button)") !== null`) {
		t.Error("the reader can write to themself")
	}
}

// TestPageMutes mutes a person and a room, and ends that.
func TestPageMutes(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	nc, _ := harness.Netcat(t, s.TCP)
	nc.Say(t, "/nick bob")
	lobby := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot")
	ops := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=other&room=ops")
	page := browser.Open(t, "http://"+s.HTTP)
	page.Do(chromedp.EmulateViewport(1100, 700)) // with the list of members
	page.Say("/nick alice")
	page.AwaitNick("alice")
	nc.Say(t, "from bob")
	page.Expect("from bob")
	toggle := func() { page.Click("#options .mute") }
	page.Click(`#members [data-nick="bob"] button`)
	toggle()
	browser.Await[bool](page, `document.querySelector("#options .mute").ariaPressed === "true"`)
	page.Say("/join ops")
	browser.Await[bool](page, `document.title.startsWith("#ops ")`)
	toggle()
	page.Show("#lobby")
	nc.Say(t, "alice: more from bob")
	harness.ExpectLine(t, nc.Out, "bob: alice: more from bob")
	nc.Say(t, "/msg alice in private")
	ops.Request(t, map[string]any{"type": "say", "text": "alice, in ops"})
	lobby.Request(t, map[string]any{"type": "say", "text": "from the robot"})
	page.Expect("from the robot")
	visible := `[...document.querySelectorAll("#log .message")].filter((e) => e.checkVisibility()).map((e) => e.querySelector(".text").innerText).join(" / ")`
	expect := func(want string) {
		t.Helper()
		browser.Await[bool](page, fmt.Sprintf("%s === %q", visible, want))
	}
	expect("from the robot")
	expectListed(t, page, "*#lobby , bob , #ops ")
	page.Do(chromedp.Reload())
	page.ExpectState("open")
	expect("from the robot")
	expectListed(t, page, "*#lobby , bob , #ops ")
	page.Show("bob")
	toggle()
	page.Show("#ops")
	toggle()
	page.Show("#lobby")
	expect("from bob / alice: more from bob / from the robot")
	ops.Request(t, map[string]any{"type": "say", "text": "alice, again"})
	expectListed(t, page, "*#lobby , bob , #ops 1!")
}

// TestPageNotifies allows notifications. The reader gets one for each message that is for them and that they do not
// see.
func TestPageNotifies(t *testing.T) {
	s := harness.StartServer(t, nil)
	lobby := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot")
	ops := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=other&room=ops")
	page := browser.Open(t, "http://"+s.HTTP)
	page.Do(chromedp.EmulateViewport(1100, 700)) // with the list of members
	browser.Eval[bool](page, `(window.told = [], window.Notification = class {
		static permission = "default";
		static async requestPermission() { return this.permission = "granted"; }
		constructor(title, { body }) { window.told.push(title + ": " + body); window.last = this; }
		close() {}
	}, true)`)
	page.Say("/nick alice")
	page.AwaitNick("alice")
	page.Say("/join ops")
	browser.Await[bool](page, `document.title.startsWith("#ops ")`)
	page.Click("#options [name=desktop]")
	browser.Await[bool](page, `document.querySelector("#options [name=desktop]").checked && window.Notification.permission === "granted"`)
	for _, text := range []string{"hello", "alice: seen"} {
		ops.Request(t, map[string]any{"type": "say", "text": text})
		page.Expect(text)
	}
	lobby.Request(t, map[string]any{"type": "say", "text": "not for her"})
	lobby.Request(t, map[string]any{"type": "say", "text": "alice: one"})
	lobby.Request(t, map[string]any{"type": "msg", "to": "alice", "text": "two"})
	want := `["robot in #lobby: alice: one","robot: two"]`
	browser.Await[bool](page, `window.told.length >= 2`)
	if got := browser.Eval[string](page, `JSON.stringify(window.told)`); got != want {
		t.Errorf("the notifications are %s, want %s", got, want)
	}
	expectListed(t, page, "#lobby 2!, *#ops , robot 1!")
	browser.Eval[bool](page, `(window.last.onclick(), true)`)
	expectListed(t, page, "#lobby 2!, #ops , *robot ")
	browser.Await[bool](page, `[...document.querySelectorAll("#log .text")].some((e) => e.innerText === "two")`)

	page.Do(chromedp.Reload())
	page.ExpectState("open")
	if browser.Eval[bool](page, `document.querySelector("#options [name=desktop]").checked`) {
		t.Error("notifications are on, and the browser does not permit them")
	}
}

// TestPageShortcuts uses the keys that work everywhere, and opens the sheet that lists them.
func TestPageShortcuts(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	dev := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot&room=dev")
	page := browser.Open(t, "http://"+s.HTTP)
	page.Do(chromedp.EmulateViewport(1100, 700))
	for _, room := range []string{"ops", "dev"} {
		page.Say("/join " + room)
		browser.Await[bool](page, `document.title.startsWith("#`+room+` ")`)
	}
	press := func(key string, modifiers chromedp.Modifier) {
		t.Helper()
		page.Do(chromedp.KeyEvent(key, chromedp.KeyModifiers(modifiers)))
	}
	const alt, ctrl, shift = chromedp.ModifierAlt, chromedp.ModifierCtrl, chromedp.ModifierShift
	page.Do(chromedp.SendKeys(chromedp.CSS("#text"), "a draft?"))
	press(kb.ArrowDown, alt)
	expectListed(t, page, "*#lobby , #ops , #dev ")
	press(kb.ArrowUp, alt)
	expectListed(t, page, "#lobby , #ops , *#dev ")
	if got := browser.Eval[string](page, typed); got != "a draft?" {
		t.Errorf("the box holds %q", got)
	}
	press(kb.ArrowUp, alt)
	press(kb.ArrowUp, alt)
	dev.Request(t, map[string]any{"type": "say", "text": "unread"})
	expectListed(t, page, "*#lobby , #ops , #dev 1")
	press(kb.ArrowDown, alt|shift)
	expectListed(t, page, "#lobby , #ops , *#dev ")
	press("k", ctrl)
	browser.Await[bool](page, `document.activeElement.id === "room"`)
	page.Do(chromedp.KeyEvent("ops" + kb.Enter))
	expectListed(t, page, "#lobby , *#ops , #dev ")

	if browser.Eval[bool](page, `document.querySelector("#shortcuts").open`) {
		t.Error("a question mark in a text opens the sheet")
	}
	browser.Eval[bool](page, `(document.querySelector("#log").focus(), true)`)
	page.Do(chromedp.KeyEvent("?"))
	browser.Await[bool](page, `document.querySelector("#shortcuts").open`)
	press(kb.Escape, 0)
	browser.Await[bool](page, `!document.querySelector("#shortcuts").open && document.activeElement.id === "log"`)
}
