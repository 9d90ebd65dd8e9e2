package page

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// A network carries connections from browsers to a server, and can lose them.
type network struct {
	ln   net.Listener
	over chan struct{}

	mu    sync.Mutex
	conns []net.Conn // to browsers
}

// startNetwork starts a network before the server at an address.
func startNetwork(t *testing.T, server string) *network {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &network{ln: ln, over: make(chan struct{})}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			n.mu.Lock()
			n.conns = append(n.conns, conn)
			n.mu.Unlock()
			running.Go(func() { n.carry(conn, server) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		close(n.over)
		n.lose()
		running.Wait()
	})
	return n
}

// carry copies in both directions until the browser's side ends. The server's side ends with the test.
func (n *network) carry(near net.Conn, server string) {
	defer near.Close()
	far, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	var down sync.WaitGroup
	down.Go(func() { io.Copy(near, far) })
	io.Copy(far, near)
	<-n.over
	far.Close()
	down.Wait()
}

// lose ends all connections of browsers. The server does not learn of it.
func (n *network) lose() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, conn := range n.conns {
		conn.Close()
	}
	n.conns = nil
}

// TestPageChangesNetworks loses the connection of a page without the server learning of it, as a phone does
// that changes networks. The page keeps its name, also a guest's, and the others see nothing of it.
func TestPageChangesNetworks(t *testing.T) {
	t.Parallel()
	s := harness.StartServer(t, nil)
	n := startNetwork(t, s.HTTP)
	observer := harness.DialText(t, s.TCP)
	harness.ExpectLine(t, observer.Out, harness.WelcomeLine)
	page := browser.Open(t, "http://"+n.ln.Addr().String())
	nick := page.Nick()
	harness.ExpectLine(t, observer.Out, `\* `+nick+" has arrived")
	for i := range 2 {
		n.lose()
		page.ExpectState("waiting")
		missed := fmt.Sprint("missed ", i)
		observer.Say(t, missed)
		page.ExpectState("open")
		page.Expect(missed)
		page.Say(fmt.Sprint("back ", i))
		harness.ExpectLine(t, observer.Out, nick+fmt.Sprint(": back ", i))
	}
	if got := page.Nick(); got != nick {
		t.Errorf("the page is %s, and was %s", got, nick)
	}
	presence := regexp.MustCompile(`^\* \S+ (has left|has arrived|is now known)`)
	if n := observer.Out.Count(presence.MatchString); n != 1 {
		t.Errorf("others see %d changes of presence, want only the first arrival", n)
	}
}

// TestPageReloads reloads a page of a guest that has changed the room. It keeps its name and its room.
func TestPageReloads(t *testing.T) {
	t.Parallel()
	s := harness.StartServer(t, nil)
	page := browser.Open(t, "http://"+s.HTTP)
	nick := page.Nick()
	page.Say("/join ops")
	browser.Await[bool](page, `document.getElementById("room").value === "ops"`)
	page.Say("before")
	page.Expect("before")
	page.Do(chromedp.Reload())
	page.ExpectState("open")
	page.Expect("before")
	if room := browser.Eval[string](page, `document.getElementById("room").value`); room != "ops" || page.Nick() != nick {
		t.Errorf("after the reload the page is %s in %s, want %s in ops", page.Nick(), room, nick)
	}
	page.Do(chromedp.Navigate("http://" + s.HTTP + "/?room=dev"))
	page.ExpectState("open")
	if room := browser.Eval[string](page, `document.getElementById("room").value`); room != "dev" || page.Nick() != nick {
		t.Errorf("with ?room=dev the page is %s in %s", page.Nick(), room)
	}
}

// TestPageInTwoTabs opens a copy of a tab. The first tab says that the chat continues in another one, does not
// take it back by itself, and does so when its reader wants to.
func TestPageInTwoTabs(t *testing.T) {
	t.Parallel()
	s := harness.StartServer(t, nil)
	first := browser.Open(t, "http://"+s.HTTP)
	nick := first.Nick()
	storage := browser.Eval[map[string]string](first, `({...sessionStorage})`)
	second := browser.Open(t, "http://"+s.HTTP)
	for key, value := range storage {
		browser.Eval[bool](second, fmt.Sprintf(`(sessionStorage.setItem(%q, %q), true)`, key, value))
	}
	second.Do(chromedp.Reload())
	second.ExpectState("open")
	first.ExpectState("closed")
	const shown = `({ status: document.getElementById("status").textContent, button: document.querySelector("#reconnect:not([hidden])")?.textContent })`
	type state struct{ Status, Button string }
	if got := browser.Eval[state](first, shown); got != (state{"This chat continues in another tab", "Continue here"}) {
		t.Errorf("the first tab shows %+v", got)
	}
	browser.Eval[bool](first, `(dispatchEvent(new Event("online")), document.dispatchEvent(new Event("visibilitychange")), true)`)
	second.Say("from the second tab")
	second.Expect("from the second tab")
	first.ExpectState("closed")

	browser.Eval[bool](first, `(document.getElementById("reconnect").click(), true)`)
	first.ExpectState("open")
	second.ExpectState("closed")
	first.Expect("from the second tab")
	first.Say("from the first tab")
	if got := first.Expect("from the first tab"); !got.Own || first.Nick() != nick || second.Nick() != nick {
		t.Errorf("the tabs are %s and %s, want %s", first.Nick(), second.Nick(), nick)
	}
}
