package page

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestPageShowsDay goes to a day of a history of ten days with 200 messages each.
func TestPageShowsDay(t *testing.T) {
	harness.SkipIfShort(t)
	const days, perDay = 10, 200
	first := time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)
	var b strings.Builder
	for i := range days * perDay {
		at := first.AddDate(0, 0, i/perDay).Add(time.Duration(i%perDay) * time.Minute).UTC().Format("2006-01-02T15:04:05.000Z")
		fmt.Fprintf(&b, `{"type":"message","seq":%d,"room":"lobby","id":%d,"at":%q,"from":"a","via":"tcp","text":"day %d, message %d"}`+"\n",
			i+1, i+101, at, i/perDay+1, i%perDay)
	}
	fmt.Fprintf(&b, `{"type":"room","room":"lobby","base":100,"last":%d}`+"\n"+`{"type":"end","seq":%d,"floor":100}`+"\n", days*perDay+100, days*perDay)
	dir := t.TempDir()
	restore := harness.Command(t, nil, "history", "import", "--data", dir)
	restore.Stdin = strings.NewReader(b.String())
	if out, err := restore.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s := harness.StartProgram(t, "--data", dir, "--rate", "0", "--history", fmt.Sprint(2*days*perDay))
	page := browser.Open(t, "http://"+s.HTTP)
	page.Expect("day 10, message 199")

	show := func(day string) {
		t.Helper()
		page.Click("#log .choose-day")
		browser.Eval[bool](page, fmt.Sprintf(`(document.querySelector("#day").value = %q, document.querySelector("#date form").requestSubmit(), true)`, day))
	}
	highlighted := `document.querySelector("#log .highlight .text")?.innerText`
	show("2026-03-04")
	browser.Await[bool](page, highlighted+` === "day 4, message 0"`)
	show("2026-02-01")
	browser.Await[bool](page, highlighted+` === "day 1, message 0"`)
	show("2026-03-09")
	browser.Await[bool](page, highlighted+` === "day 9, message 0"`)
	show("2027-01-01")
	browser.Await[bool](page, `document.querySelector("#to-end").hidden && [...document.querySelectorAll("#log .message .text")].at(-1).innerText === "day 10, message 199"`)
}
