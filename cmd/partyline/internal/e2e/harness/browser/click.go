package browser

import (
	"context"
	"fmt"

	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// Click clicks on the first element that a selector matches, when it is visible. The page may move the element after
// Click has found it, and then the click is repeated.
func (p *Page) Click(selector string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.Ctx, harness.Patience)
	defer cancel()
	for {
		at := Await[struct{ X, Y float64 }](p, fmt.Sprintf(`(() => {
			const e = document.querySelector(%q);
			if (!e?.checkVisibility()) return null;
			e.scrollIntoView({ block: "nearest", behavior: "instant" });
			const r = e.getBoundingClientRect();
			const [x, y] = [r.x + r.width / 2, r.y + r.height / 2];
			if (!e.contains(document.elementFromPoint(x, y))) return null;
			window.clicks = 0;
			e.addEventListener("click", () => window.clicks++, { once: true, capture: true });
			return { x, y };
		})()`, selector))
		if err := chromedp.Do(ctx, chromedp.MouseClickXY(at.X, at.Y)); err != nil {
			p.t.Fatalf("a click on %s: %v\nThe log shows\n%s", selector, err, p.log())
		}
		if Eval[bool](p, `window.clicks !== 0`) { // it is undefined if the click has loaded the page again
			return
		}
	}
}
