package page

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestScreenshots writes pictures of the page into the folder SCREENSHOTS: make screenshots.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		t.Skip("SCREENSHOTS is not set: run make screenshots")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"en", "zh"} {
		for _, theme := range []string{"light", "dark"} {
			for _, screen := range []struct {
				name          string
				width, height int64
			}{{"phone", 390, 780}, {"tablet", 820, 1000}, {"desktop", 1200, 760}} {
				name := filepath.Join(dir, fmt.Sprintf("%s-%s-%s-%%s.png", screen.name, theme, language))
				t.Run(fmt.Sprintf("%s %s %s", screen.name, theme, language), func(t *testing.T) {
					takeScreenshots(t, language, theme, screen.width, screen.height, name)
				})
			}
		}
	}
}

// said is what members say in the pictures: in the lobby before the reader looks at another room, and afterwards.
var said = map[string]struct{ before, after []string }{
	"en": {
		[]string{
			"robot: The build of `main` is green: https://builds.example.org/1742",
			"carol: nice. **Shall we ship it?**",
			"alice: yes, see #ops for the plan",
			"carol: 🎉",
			"robot: ```\nok  hub     1.204s\nok  web     0.911s\n```",
		},
		[]string{"carol: the graphs look calm", "carol: alice, can you look at the *disk* of `db-2`?", "robot: disk of db-2: 71 % used"},
	},
	"zh": {
		[]string{
			"robot: `main` 构建成功：https://builds.example.org/1742",
			"carol: 太好了。**现在发布吗？**",
			"alice: 可以，计划见 #ops",
			"carol: 🎉",
			"robot: ```\nok  hub     1.204s\nok  web     0.911s\n```",
		},
		[]string{"carol: 图表看起来很平稳", "carol: alice，你能看一下 `db-2` 的*磁盘*吗？", "robot: db-2 磁盘已使用 71 %"},
	},
}

// takeScreenshots writes a picture of each view. name has a %s for the name of the view.
func takeScreenshots(t *testing.T, language, theme string, width, height int64, name string) {
	s := harness.StartProgram(t, "--rate", "0")
	page := visitIn(t, language, "about:blank")
	prefer(page, theme, "no-preference")
	page.Do(chromedp.EmulateViewport(width, height), chromedp.Navigate("http://"+s.HTTP))
	page.ExpectState("open")
	page.Say("/nick alice")
	page.AwaitNick("alice")
	bots := map[string]*harness.Bot{}
	for _, who := range []string{"robot", "carol"} {
		bots[who] = harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick="+who)
	}
	nc, _ := harness.Netcat(t, s.TCP)
	nc.Say(t, "/nick bob")
	ops := harness.DialBot(t, "ws://"+s.HTTP+"/ws?room=ops&nick=dave")
	harness.DialBot(t, "ws://"+s.HTTP+"/ws?room=deploys&nick=erin")
	say := func(lines []string) {
		t.Helper()
		for i, line := range lines {
			var who string
			fmt.Sscanf(line, "%s", &who)
			text := line[len(who)+1:]
			if who = who[:len(who)-1]; who == "alice" {
				page.Say(text)
				page.ExpectPending()
				continue
			}
			bots[who].Say(t, fmt.Sprint("key ", len(line), " ", i), text)
		}
	}
	shoot := func(view string) {
		t.Helper()
		browser.Eval[bool](page, `new Promise((done) => setTimeout(() => done(true), 300))`) // until nothing moves
		picture, err := chromedp.Run(page.Ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(fmt.Sprintf(name, view), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	say(said[language].before)
	page.Say("/join ops")
	browser.Await[bool](page, `document.title.startsWith("#ops ")`)
	say(said[language].after)
	nc.Say(t, "/msg alice :-)")
	ops.Say(t, "1", "42")
	page.Expect("42")
	browser.Await[bool](page, `document.title.startsWith("(4) ")`)
	page.Show("#lobby")
	ops.Say(t, "2", "43")
	expectListed(t, page, "*#lobby , #ops 1, bob 1!")
	shoot("room")
	page.Say("/search db")
	browser.Await[bool](page, `document.querySelectorAll("#results mark").length > 0`)
	shoot("search")
	browser.Eval[bool](page, `(document.querySelector("#results .close").click(), document.querySelector("#other-rooms").open = true, document.querySelector("#people").open = true)`)
	browser.Await[bool](page, `document.querySelector("#other-rooms li .open") !== null`)
	shoot("list")
	page.Do(chromedp.SendKeys(chromedp.CSS("#text"), "/"))
	browser.Await[bool](page, `!document.querySelector("#completions").hidden`)
	shoot("commands")
	browser.Eval[bool](page, `(document.querySelector("#people").open = innerWidth > 768, document.querySelector("#text").value = "", document.querySelector("#text").dispatchEvent(new Event("input")))`)
	page.Say("/msg nobody-here hello")
	browser.Await[bool](page, `document.querySelector("#say-error").textContent !== ""`)
	shoot("error")
	browser.Eval[bool](page, `(document.querySelector("#text").value = "", document.querySelector("#text").dispatchEvent(new Event("input")))`)
	s.Stop(t)
	page.ExpectState("waiting")
	page.Say("hello")
	shoot("offline")
}
