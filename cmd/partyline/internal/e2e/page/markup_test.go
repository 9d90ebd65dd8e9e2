package page

import (
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestPageMarkup sends links, code and other markup. The page shows each as an element, and nothing else.
func TestPageMarkup(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot")
	page := browser.Open(t, "http://"+s.HTTP)
	for _, c := range []struct{ text, html string }{
		{
			"see https://example.org/a?b=1&c=<2>, now",
			`see <a class="link" href="https://example.org/a?b=1&amp;c=" target="_blank" rel="noopener noreferrer nofollow">https://example.org/a?b=1&amp;c=</a>&lt;2&gt;, now`,
		},
		{
			`https://example.org/"onmouseover="window.ran=true`,
			`<a class="link" href="https://example.org/" target="_blank" rel="noopener noreferrer nofollow">https://example.org/</a>"onmouseover="window.ran=true`,
		},
		{"**a *b*** `<i>c</i>`", "**a *b*** <code>&lt;i&gt;c&lt;/i&gt;</code>"},
		{"**a** *b*\n> c\n> d\ne", "<strong>a</strong> <em>b</em><blockquote>c\nd</blockquote>e"},
		{
			"```sh\necho '<b>'\n```",
			`<div class="block"><pre><code>echo '&lt;b&gt;'</code></pre><button class="copy secondary" type="button">Copy</button></div>`,
		},
		{"[a](javascript:window.ran=true) javascript:window.ran=true", "[a](javascript:window.ran=true) javascript:window.ran=true"},
	} {
		bot.Request(t, map[string]any{"type": "say", "text": c.text})
		html := browser.Await[string](page, `(() => {
			const last = [...document.querySelectorAll("#log .message .text")].at(-1);
			if (!last || last === window.previous) return "";
			window.previous = last;
			return last.innerHTML;
		})()`)
		if html != c.html {
			t.Errorf("%q is shown as\n%s\nwant\n%s", c.text, html, c.html)
		}
	}
	if browser.Eval[bool](page, `"ran" in window`) {
		t.Error("a script ran")
	}
}
