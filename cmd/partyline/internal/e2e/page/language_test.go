package page

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// visitIn opens the page in a browser that prefers these languages.
func visitIn(t *testing.T, languages, url string) *browser.Page {
	t.Helper()
	page := browser.Visit(t, "about:blank")
	agent := browser.Eval[string](page, "navigator.userAgent")
	page.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: languages})
		return err
	}), chromedp.Navigate(url))
	return page
}

// english is what is in Latin letters on the page, besides names, commands, keys, what was said here, and the choice
// of the language. Words for screen readers count.
const english = `((known) => {
	const words = [document.title];
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
	for (let node = walker.currentNode; node; node = walker.nextNode()) {
		if (node.nodeType === Node.ELEMENT_NODE) words.push(...["aria-label", "title", "placeholder", "alt"].map((name) => node.getAttribute(name) ?? ""));
		else if (!node.parentElement.closest("noscript, kbd, [lang=en]")) words.push(node.data);
	}
	return words.filter((text) => /[A-Za-z]{2,}/.test(text.replaceAll(known, ""))).join(" | ");
})(/\b(partyline|lobby|ops|zoe|bob|robert|guest-\w+)\b|\/[a-z]+/g)`

func expectChinese(t *testing.T, page *browser.Page, place string) {
	t.Helper()
	if found := browser.Eval[string](page, english); found != "" {
		t.Errorf("%s: the page in Chinese has %s", place, found)
	}
}

// TestPageInChinese uses the page in a browser that prefers Chinese. None of its words are English.
func TestPageInChinese(t *testing.T) {
	harness.NeedLocal(t) // it searches, for which a history in NATS needs an index
	s := harness.StartServer(t, nil)
	n := startNetwork(t, s.HTTP)
	nc, _ := harness.Netcat(t, s.TCP)
	nc.Say(t, "/nick bob")
	page := visitIn(t, "zh-CN,en", "http://"+n.addr)
	page.Do(chromedp.EmulateViewport(1100, 700))
	page.ExpectState("open")
	shows := func(selector, want string) {
		t.Helper()
		expect(t, page, fmt.Sprintf(`document.querySelector(%q)?.textContent ?? ""`, selector), want)
		expectChinese(t, page, selector)
	}
	if lang := browser.Eval[string](page, `document.documentElement.lang`); lang != "zh-Hans" {
		t.Errorf("the language of the document is %s", lang)
	}
	shows("#status", "已连接")
	page.Say("/nick zoe")
	page.AwaitNick("zoe")

	// Arrivals and departures, in the order of the words.
	nc.Say(t, "你好")
	page.Expect("你好")
	if got := page.AwaitNick("zoe"); got == "" || got[len(got)-len("改名为zoe"):] != "改名为zoe" {
		t.Errorf("the change of the name is %q", got)
	}
	harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robert").Request(t, map[string]any{"type": "say", "text": "我来了"})
	page.Expect("我来了")
	page.Expect("robert进来了")
	expectChinese(t, page, "the room")
	shows(`#members [data-nick="robert"] .via`, "浏览器")
	shows(`#members [data-nick="zoe"] .via`, "你，浏览器")

	// Answers and errors.
	for command, want := range map[string]string{
		"/nick bob":     "未发送：这个名字已被使用，或与他人的名字过于相似",
		"/msg nobody x": "未发送：没有叫这个名字的人在线",
		"/me":           "请输入 /me 动作",
		"/dance":        "没有命令 /dance，可用的命令有 /me、/msg、/nick、/join、/who、/rooms、/search、/history、/help、/quit。要发送这段文字，请输入 //dance",
	} {
		page.Say(command)
		expect(t, page, sayError, want)
		expectChinese(t, page, command)
		browser.Eval[bool](page, `((box) => { box.value = ""; return box.dispatchEvent(new Event("input")); })(document.querySelector("#text"))`)
	}
	page.Say("/who")
	browser.Await[bool](page, `/^3人在线：\w+、\w+、\w+$/.test([...document.querySelectorAll("#log .entry.told")].at(-1)?.textContent)`)
	page.Say("/rooms")
	page.Expect("#lobby  3人在线")
	page.Say("/help")
	expectChinese(t, page, "/help")
	browser.Eval[bool](page, `((form) => { form.querySelector("input").value = "no room!"; form.requestSubmit(); return true; })(document.querySelector("#room-form"))`)
	shows("#room-error", "房间名须为1至64个小写英文字母、数字、“_”或“-”")

	// The box: suggestions, the counter, pasted lines.
	page.Do(chromedp.SendKeys(box, "/me"))
	expect(t, page, `document.querySelector("#completions .about")?.textContent ?? ""`, "")
	page.Do(chromedp.SendKeys(box, kb.Backspace))
	expect(t, page, `document.querySelector("#completions .about")?.textContent ?? ""`, "动作")
	expectChinese(t, page, "the suggestions")
	page.Do(chromedp.SendKeys(box, kb.Backspace+kb.Backspace))
	paste(page, "一\n二")
	shows(".question p", "粘贴了2行")
	expectAnswers(t, page, "作为一条消息, 发送2条消息, 代码块")
	choose(page, "代码块")
	page.Say()
	browser.Await[bool](page, `document.querySelector("#log .entry .block") !== null`)
	expectChinese(t, page, "a block of code")

	// The search, the sheet of keys, the choice of a day.
	page.Say("/search 你好")
	shows("#results .summary", "找到1条消息")
	page.Say("/search 没有说过")
	shows("#results .summary", "没有找到")
	browser.Eval[bool](page, `(document.querySelector("#results .close").click(), document.querySelector("#show-shortcuts").click(), document.querySelector("#other-rooms").open = true)`)
	shows("#other-rooms .none", "没有其他房间")
	page.Do(chromedp.KeyEvent(kb.Escape))

	// A private conversation.
	nc.Say(t, "/msg zoe 在吗")
	expectListed(t, page, "*#lobby , bob 1!")
	expectChinese(t, page, "an unread message")
	page.Show("bob")
	page.Expect("在吗")
	page.Say("/me 挥手")
	expect(t, page, sayError, "未发送：私聊中不能发送动作")
	expectChinese(t, page, "a private conversation")
	page.Show("#lobby")

	// Without a connection.
	n.fail(true)
	page.ExpectState("waiting")
	expectChinese(t, page, "no connection")
	page.Do(chromedp.SendKeys(box, "稍后再说"), browser.Enter(0))
	page.ExpectPending("稍后再说")
	expectChinese(t, page, "a message that waits")
	n.restore()
	browser.Eval[bool](page, `(document.querySelector("#reconnect").click(), true)`)
	page.ExpectState("open")
	nc.Say(t, "/quit 再见")
	page.Expect("bob离开了（再见）")
	expectChinese(t, page, "after the connection was lost")
}

// TestPageRefusedInChinese opens the page of a server that is full.
func TestPageRefusedInChinese(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, func(c *app.Config) { c.Limits.MaxMembers = 1 })
	harness.Netcat(t, s.TCP)
	page := visitIn(t, "zh-TW", "http://"+s.HTTP)
	page.ExpectState("waiting")
	expect(t, page, `document.getElementById("why").textContent`, "服务器暂时无法接受连接，即将重试")
	expectChinese(t, page, "a server that is full")
}

// TestPageChangesLanguage changes the language on the page. The choice, the name and the draft stay.
func TestPageChangesLanguage(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	page := browser.Open(t, "http://"+s.HTTP)
	page.Do(chromedp.EmulateViewport(1100, 700))
	nick := page.Nick()
	expect(t, page, `document.documentElement.lang`, "en")
	if browser.Eval[string](page, english) == "" {
		t.Error("no English is found on the page in English")
	}
	page.Do(chromedp.SendKeys(box, "a draft"))
	const send = `document.querySelector("#say-form > button").textContent`
	choose := func(key, language, want string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(page.Ctx, harness.Patience)
		defer cancel()
		if _, err := chromedp.RunResponse(ctx, chromedp.SendKeys(chromedp.CSS("#language"), key)); err != nil { // the page loads again
			t.Fatal(err)
		}
		page.ExpectState("open")
		expect(t, page, send, want)
		expect(t, page, `document.documentElement.lang`, language)
		expect(t, page, `document.querySelector("#language").value`, language)
		expect(t, page, typed, "a draft")
		if got := page.Nick(); got != nick {
			t.Errorf("the name is %s, was %s", got, nick)
		}
	}
	choose(kb.ArrowDown, "zh-Hans", "发送")
	page.Do(chromedp.Reload())
	page.ExpectState("open")
	expect(t, page, send, "发送")
	choose(kb.ArrowUp, "en", "Send")
}
