package page

import (
	"fmt"
	"slices"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestPageAcrossCuts cuts the connections of a page in two rooms a hundred times, while it and others talk. It ends with
// exactly what each room has, and each of its own messages is there once.
func TestPageAcrossCuts(t *testing.T) {
	cuts := 100
	if testing.Short() {
		cuts = 10
	}
	t.Parallel()
	s := harness.StartProgram(t, "--rate", "0", "--exempt", "127.0.0.0/8")
	n := startNetwork(t, s.HTTP)
	rooms := []string{"lobby", "ops"}
	bots := map[string]*harness.Bot{}
	for _, room := range rooms {
		bots[room] = harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot-"+room+"&room="+room)
	}
	page := browser.Open(t, "http://"+n.addr)
	page.Say("/join ops")
	browser.Await[bool](page, `document.title.startsWith("#ops ")`)
	page.ExpectState("open")
	page.Show("#lobby")
	nick := page.Nick()
	for i := range cuts {
		browser.Eval[bool](page, fmt.Sprintf(`(() => {
			const box = document.querySelector("#text");
			box.value = "mine %d";
			box.form.requestSubmit();
			return true;
		})()`, i))
		for _, room := range rooms {
			bots[room].Say(t, fmt.Sprint("key ", i), fmt.Sprint("theirs ", i))
		}
		n.fail(i%3 != 0) // the browser learns of most cuts
		n.restore()
		browser.Eval[bool](page, `dispatchEvent(new Event("online"))`)
		if i%5 == 0 {
			page.ExpectState("open")
		}
	}
	for _, room := range rooms {
		bots[room].Say(t, "last", "the last one")
	}
	page.ExpectState("open")
	page.Expect("the last one")
	page.ExpectPending()
	for _, room := range rooms {
		page.Show("#" + room)
		// The log makes the elements of earlier messages as the reader scrolls up.
		browser.Await[bool](page, `(document.querySelector("#log").scrollTop = 0,
			[...document.querySelectorAll("#log .message .text")].some((e) => e.innerText === "theirs 0"))`)
		var said []string
		for _, m := range bots[room].Messages() {
			said = append(said, m.Text)
		}
		page.ExpectMessages(said)
		for i := range cuts {
			mine := fmt.Sprint("mine ", i)
			if n := len(slices.DeleteFunc(slices.Clone(said), func(text string) bool { return text != mine })); room == "lobby" && n != 1 {
				t.Errorf("%q was said %d times", mine, n)
			}
		}
	}
	if got := page.Nick(); got != nick {
		t.Errorf("the page is %s, and was %s", got, nick)
	}
}
