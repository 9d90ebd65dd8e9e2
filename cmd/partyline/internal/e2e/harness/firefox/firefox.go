// Package firefox drives Firefox in tests, by its Marionette protocol.
package firefox

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// A Page is a tab of Firefox. Its methods fail the test if Firefox answers with an error.
type Page struct {
	t     *testing.T
	conn  net.Conn
	input *bufio.Reader
	calls int
}

// Open starts Firefox with a new profile and opens a URL. The test is skipped if Firefox is not installed.
func Open(t *testing.T, url string) *Page {
	t.Helper()
	program := harness.NeedProgram(t, "firefox-esr", "firefox")
	profile := t.TempDir()
	// Marionette chooses a port, and Firefox asks for nothing by itself.
	prefs := `user_pref("marionette.port", 0);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.update.disabledForTesting", true);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("intl.accept_languages", "en-US");
`
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(prefs), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--headless", "--marionette", "--no-remote", "--profile", profile, "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+profile)
	firefox := harness.StartCommand(t, cmd)
	p := &Page{t: t}
	p.dial(harness.ExpectLine(t, firefox.Out, `.*Marionette\s+INFO\s+Listening on port (\d+).*`)[0])
	p.call("WebDriver:NewSession", map[string]any{}, nil)
	p.call("WebDriver:SetTimeouts", map[string]any{"script": harness.Patience.Milliseconds(), "pageLoad": harness.Patience.Milliseconds()}, nil)
	p.call("WebDriver:Navigate", map[string]any{"url": url}, nil)
	return p
}

// dial connects to Marionette, which listens on a port.
func (p *Page) dial(port string) {
	p.t.Helper()
	var err error
	if p.conn, err = net.Dial("tcp", net.JoinHostPort("127.0.0.1", port)); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { p.conn.Close() })
	p.input = bufio.NewReader(p.conn)
	p.receive(nil) // the greeting
}

// call sends a command, and reads the value of its result into result unless that is nil.
func (p *Page) call(command string, parameters map[string]any, result any) {
	p.t.Helper()
	p.calls++
	message, err := json.Marshal([]any{0, p.calls, command, parameters})
	if err == nil {
		_, err = fmt.Fprintf(p.conn, "%d:%s", len(message), message)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	var failure *struct{ Error, Message string }
	answer := []any{new(int), new(int), &failure, &struct{ Value any }{result}}
	p.receive(&answer)
	if failure != nil {
		p.t.Fatalf("%s: %s: %s", command, failure.Error, failure.Message)
	}
}

// receive reads a message: its length, a colon, and JSON.
func (p *Page) receive(message any) {
	p.t.Helper()
	p.conn.SetReadDeadline(time.Now().Add(2 * harness.Patience))
	length, err := p.input.ReadString(':')
	if err != nil {
		p.t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
	if err != nil {
		p.t.Fatal(err)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(p.input, data); err != nil {
		p.t.Fatal(err)
	}
	if message == nil {
		return
	}
	if err := json.Unmarshal(data, message); err != nil {
		p.t.Fatalf("%v: %s", err, data)
	}
}

// Await waits until an expression is true in the page.
func (p *Page) Await(expression string) {
	p.t.Helper()
	var value bool
	p.call("WebDriver:ExecuteAsyncScript", map[string]any{"script": `const done = arguments[0];
		const end = performance.now() + ` + fmt.Sprint((harness.Patience / 2).Milliseconds()) + `;
		const check = () => { const v = Boolean(` + expression + `); v || performance.now() > end ? done(v) : setTimeout(check, 20); };
		check();`, "args": []any{}}, &value)
	if !value {
		var body string
		p.call("WebDriver:ExecuteScript", map[string]any{"script": "return document.body.innerText", "args": []any{}}, &body)
		p.t.Fatalf("%s did not become true. The page shows\n%s", expression, body)
	}
}

// Type types keys into an element.
func (p *Page) Type(selector, keys string) {
	p.t.Helper()
	p.call("WebDriver:ElementSendKeys", map[string]any{"id": p.find(selector), "text": keys}, nil)
}

// Click clicks on an element.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.call("WebDriver:ElementClick", map[string]any{"id": p.find(selector)}, nil)
}

// Reload loads the page again.
func (p *Page) Reload() {
	p.t.Helper()
	p.call("WebDriver:Refresh", map[string]any{}, nil)
}

// Back returns to the entry before in the history of the tab.
func (p *Page) Back() {
	p.t.Helper()
	p.call("WebDriver:Back", map[string]any{}, nil)
}

func (p *Page) find(selector string) string {
	p.t.Helper()
	var element map[string]string
	p.call("WebDriver:FindElement", map[string]any{"using": "css selector", "value": selector}, &element)
	for _, id := range element {
		return id
	}
	p.t.Fatalf("no element is %s", selector)
	return ""
}
