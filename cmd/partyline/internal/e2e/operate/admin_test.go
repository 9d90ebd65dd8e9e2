package operate

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// adminListening matches the log line of the operator's listener.
const adminListening = `.*msg=listening admin=(\S+)`

// startAdmin starts the program with an operator's listener, and returns its URL.
func startAdmin(t *testing.T, args ...string) (p *harness.Program, url string) {
	t.Helper()
	p = harness.StartProgram(t, append([]string{"--admin", "127.0.0.1:0"}, args...)...)
	return p, "http://" + harness.ExpectLine(t, p.Err, adminListening)[0]
}

// fetch returns the status and the body of a URL.
func fetch(t *testing.T, url string) (status int, body string) {
	t.Helper()
	client := &http.Client{Timeout: harness.Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// figure returns the value of a figure in an answer of /metrics.
func figure(t *testing.T, metrics, name string) float64 {
	t.Helper()
	match := regexp.MustCompile(`(?m)^partyline_` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(metrics)
	if match == nil {
		t.Errorf("there is no %s in\n%s", name, metrics)
		return 0
	}
	v, err := strconv.ParseFloat(match[1], 64)
	if err != nil {
		t.Error(err)
	}
	return v
}

// TestAdmin reads the figures, the members and the rooms of a server with members. The public
// listener has none of them.
func TestAdmin(t *testing.T) {
	harness.NeedLocal(t)
	t.Parallel()
	p, admin := startAdmin(t, "--data", t.TempDir(), "--max-members", "7")
	nc, nick := harness.Netcat(t, p.TCP)
	bot := harness.DialBot(t, "ws://"+p.HTTP+"/ws?nick=robot&room=ops")
	bot.Say(t, "k", "hello ops")
	nc.Say(t, "hello lobby")
	harness.ExpectLine(t, nc.Out, nick+": hello lobby")
	nc.Say(t, "/nonsense")
	harness.ExpectLine(t, nc.Out, "! unknown command.*")

	status, metrics := fetch(t, admin+"/metrics")
	if status != http.StatusOK {
		t.Fatal(status)
	}
	for name, want := range map[string]float64{
		`members{transport="tcp"}`: 1, `members{transport="ws"}`: 1, `rooms{transport="ws"}`: 1,
		`messages_total`: 2, `deliveries_total`: 2, `requests_refused_total{code="unknown_command"}`: 1,
		`journal_healthy`: 1, `journal_batch_messages_sum`: 2, `clients_turned_away_total{reason="members"}`: 0,
	} {
		if got := figure(t, metrics, name); got != want {
			t.Errorf("%s is %v, not %v", name, got, want)
		}
	}
	if n := figure(t, metrics, `written_bytes_total{transport="tcp"}`); n < 100 || n > 10_000 {
		t.Errorf("%v bytes were written", n)
	}

	var members []struct {
		Nick, Room, Transport, Address string
		Idle                           *int64
	}
	_, body := fetch(t, admin+"/api/v1/members")
	if err := json.Unmarshal([]byte(body), &members); err != nil || len(members) != 2 || members[0].Nick != nick ||
		members[1].Nick != "robot" || members[1].Room != "ops" || members[1].Transport != "ws" || !strings.HasPrefix(members[1].Address, "127.0.0.1:") ||
		members[1].Idle == nil || *members[1].Idle < 0 || *members[1].Idle > 60 {
		t.Errorf("%v in %s", err, body)
	}
	var limits map[string]string
	if _, body := fetch(t, admin+"/api/v1/limits"); json.Unmarshal([]byte(body), &limits) != nil || limits["max-members"] != "7" || limits["history"] != "1000" {
		t.Errorf("the limits are %s", body)
	}
	var kept struct {
		Max    int `json:"max_messages"`
		Stored struct {
			Messages, Rooms, Bytes int
			Newest                 struct{ Room string }
		}
	}
	if _, body := fetch(t, admin+"/api/v1/history"); json.Unmarshal([]byte(body), &kept) != nil || kept.Max != 1000 ||
		kept.Stored.Messages != 2 || kept.Stored.Rooms != 2 || kept.Stored.Bytes < 4096 || kept.Stored.Newest.Room != "lobby" {
		t.Errorf("the history is %s", body)
	}
	for _, path := range []string{"/metrics", "/readyz", "/api/v1/members", "/debug/pprof/"} {
		if status, _ := fetch(t, "http://"+p.HTTP+path); status != http.StatusNotFound {
			t.Errorf("the public listener answers %s with %d", path, status)
		}
	}
	nc.Say(t, "/quit")
	harness.ExpectLine(t, p.Err, `.*msg="member left" nick=`+nick+` .*`)
	if _, metrics = fetch(t, admin+"/metrics"); figure(t, metrics, `members_left_total{reason="quit",transport="tcp"}`) != 1 {
		t.Error("the member that has left is not counted")
	}
}

// TestReady checks the readiness of a server whose history can't be written, and of one that ends.
func TestReady(t *testing.T) {
	harness.NeedLocal(t)
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	p, admin := startAdmin(t, "--data", dir, "--drain", "5s", "--rate", "0")
	ready := func(path string, want int, part string) {
		t.Helper()
		var status int
		var body string
		if !harness.Eventually(func() bool {
			status, body = fetch(t, admin+path)
			return status == want && strings.Contains(body, part)
		}) {
			t.Errorf("%s: %d, %q; want %d, %q", path, status, body, want, part)
		}
	}
	ready("/readyz", 200, "ok")
	away := filepath.Join(t.TempDir(), "away")
	if err := os.Rename(dir, away); err != nil {
		t.Fatal(err)
	}
	ready("/readyz", 503, "history can't be written since ")
	ready("/healthz", 200, "ok")
	if _, metrics := fetch(t, admin+"/metrics"); figure(t, metrics, "journal_healthy") != 0 {
		t.Error("the journal counts as healthy")
	}
	if err := os.Rename(away, dir); err != nil {
		t.Fatal(err)
	}
	ready("/readyz", 200, "ok")

	harness.DialFrozen(t, p) // the server drains until --drain
	p.Signal(t, syscall.SIGTERM)
	harness.ExpectLine(t, p.Err, ".*msg=draining .*")
	ready("/readyz", 503, "the server is ending")
	ready("/healthz", 200, "ok")
	if code := p.ExitCode(t, harness.Patience); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestAdminListeners starts the operator's listener on a unix socket, and on all addresses.
func TestAdminListeners(t *testing.T) {
	t.Parallel()
	socket := harness.PublicFolder(t) + "/admin.sock"
	p := harness.StartProgram(t, "--admin", "unix:"+socket)
	harness.ExpectLine(t, p.Err, adminListening)
	curl := harness.Start(t, harness.NeedProgram(t, "curl"), "-sS", "--unix-socket", socket, "http://any.example/readyz")
	if code := curl.ExitCode(t, harness.Patience); code != 0 || curl.Out.String() == "" {
		t.Errorf("curl exits with %d: %s%s", code, curl.Out, curl.Err)
	}
	p.Stop(t)

	p = harness.StartProgram(t, "--admin", "0.0.0.0:0")
	harness.ExpectLine(t, p.Err, `.*level=WARN msg="the admin listener is not on loopback: .*`)
	p.Stop(t)
}

// TestAdminPage opens the operator's page in a browser. It draws the figures, and says when the
// server is not ready.
func TestAdminPage(t *testing.T) {
	harness.NeedLocal(t)
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	p, admin := startAdmin(t, "--data", dir)
	c := harness.DialText(t, p.TCP)
	for i := range 5 {
		c.Say(t, fmt.Sprint("message ", i))
	}
	page := browser.Visit(t, admin+"/")
	browser.Await[bool](page, `document.getElementById("state")?.textContent === "ready"`)
	browser.Await[bool](page, `document.querySelector("#plots figure output").textContent === "1"`)
	// After a second reading there are lines, and rates.
	browser.Await[bool](page, `document.querySelector("#plots path.line").getAttribute("d")?.includes("L")`)
	browser.Await[bool](page, `document.querySelector("#plots figure:nth-child(2) output").textContent === "0"`)
	browser.Await[bool](page, `document.querySelector("#rooms td").textContent === "#lobby"`)
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	browser.Await[bool](page, `document.getElementById("state").textContent.startsWith("not ready: history can't be written")`)
}
