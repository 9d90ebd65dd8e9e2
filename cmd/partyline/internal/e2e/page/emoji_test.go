package page

import (
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestPageEnlargesEmoji receives messages with emoji. One that has nothing else is larger.
func TestPageEnlargesEmoji(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot")
	page := browser.Open(t, "http://"+s.HTTP)
	size := func(text string) int {
		bot.Request(t, map[string]any{"type": "say", "text": text})
		page.Expect(text)
		return browser.Eval[int](page, `parseInt(getComputedStyle(document.createTreeWalker([...document.querySelectorAll("#log .text")].at(-1), NodeFilter.SHOW_TEXT).nextNode().parentElement).fontSize)`)
	}
	if plain, large := size("a party 🎉"), size("🎉 👩‍🚀"); large < 2*plain {
		t.Errorf("emoji alone have %d pixels, and text has %d", large, plain)
	}
}
