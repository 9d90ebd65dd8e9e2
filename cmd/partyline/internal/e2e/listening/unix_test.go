package listening

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// startOnUnix starts the program on two unix sockets in dir.
func startOnUnix(t *testing.T, dir string, args ...string) (p *harness.Program, chat, web string) {
	t.Helper()
	chat, web = dir+"/chat.sock", dir+"/web.sock"
	p = harness.StartProgram(t, append([]string{"--tcp", "unix:" + chat, "--http", "unix:" + web}, args...)...)
	if p.TCP != "unix:"+chat || p.HTTP != "unix:"+web {
		t.Errorf("the log has %s and %s", p.TCP, p.HTTP)
	}
	return p, chat, web
}

// onUnix returns an HTTP client that connects to a unix socket, whatever the URL is.
func onUnix(path string) *http.Client {
	var d net.Dialer
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return d.DialContext(ctx, "unix", path)
	}, DisableKeepAlives: true}}
}

// dialUnix connects to a unix socket in text.
func dialUnix(t *testing.T, path string) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestUnixSockets talks over unix sockets with netcat, a WebSocket and talk, and loads the page with
// curl. The sockets have the default mode, and are gone when the program ends.
func TestUnixSockets(t *testing.T) {
	t.Parallel()
	p, chat, web := startOnUnix(t, harness.PublicFolder(t))
	for _, path := range []string{chat, web} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != fs.ModeSocket|0o660 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	nc := harness.Start(t, harness.NeedProgram(t, "nc.openbsd", "nc"), "-U", chat)
	nick := harness.ExpectLine(t, nc.Out, harness.WelcomeLine)[0]
	harness.ExpectLine(t, p.Err, `.*msg="member joined" nick=`+nick+` transport=tcp addr="?unix:.*`)

	bot := harness.DialBotWith(t, onUnix(web), "ws://chat.example/ws?nick=webby")
	bot.ExpectType(t, "welcome")
	harness.ExpectLine(t, p.Err, `.*msg="member joined" nick=webby transport=ws addr="?unix:.*`)
	talk := harness.StartPartyline(t, []string{"XDG_STATE_HOME=" + t.TempDir()}, "talk", "unix:"+chat, "--nick", "talker")
	talk.Say(t, "hello from talk")
	harness.ExpectLine(t, nc.Out, "talker: hello from talk")
	bot.Expect(t, "what talk said", func(e harness.Event) bool { return e.Text == "hello from talk" })
	bot.Say(t, "k", "hello from a WebSocket")
	harness.ExpectLine(t, nc.Out, "webby: hello from a WebSocket")
	harness.ExpectLine(t, talk.Out, ".*hello from a WebSocket")

	curl := harness.Start(t, harness.NeedProgram(t, "curl"), "-sS", "--unix-socket", web, "http://localhost/")
	harness.ExpectLine(t, curl.Out, ".*<title>partyline</title>.*")

	upgrade := harness.Start(t, "curl", "-sSN", "--http1.1", "-i", "--unix-socket", web, "-H", "Connection: Upgrade", "-H", "Upgrade: websocket",
		"-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "http://localhost/ws?nick=curly")
	harness.ExpectLine(t, upgrade.Out, "HTTP/1.1 101 .*")
	harness.ExpectLine(t, p.Err, `.*msg="member joined" nick=curly transport=ws .*`)

	p.Stop(t)
	harness.ExpectLine(t, nc.Out, harness.GoodbyeLine)
	for _, path := range []string{chat, web} {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", path, err)
		}
	}
}

// TestUnixSocketTaken starts the program on the sockets of another one, which does not notice, and
// again after that one is killed.
func TestUnixSocketTaken(t *testing.T) {
	t.Parallel()
	dir := harness.PublicFolder(t)
	p, chat, web := startOnUnix(t, dir)
	c := dialUnix(t, chat)
	out := harness.NewFeed[string]()
	go harness.ReadLines(c, out)
	nick := harness.ExpectLine(t, out, harness.WelcomeLine)[0]
	for _, args := range [][]string{{"--tcp", "unix:" + chat, "--http", ""}, {"--tcp", "", "--http", "unix:" + web}} {
		second := harness.StartPartyline(t, nil, args...)
		if code := second.ExitCode(t, harness.Patience); code != 1 {
			t.Errorf("exit code %d", code)
		}
		harness.ExpectLine(t, second.Err, `partyline: --(tcp|http) unix:`+dir+`/\w+\.sock is taken by another program: .*`)
	}
	fmt.Fprintln(c, "still here")
	harness.ExpectLine(t, out, nick+": still here")

	p.Kill(t)
	if _, err := os.Lstat(chat); err != nil {
		t.Fatal("a killed program has removed its socket")
	}
	p, _, _ = startOnUnix(t, dir)
	p.Stop(t)
}

// TestUnixProxy connects as a proxy on a unix socket does. The program takes the addresses from it,
// with --proxy unix only.
func TestUnixProxy(t *testing.T) {
	t.Parallel()
	const header = "PROXY TCP4 203.0.113.7 192.0.2.1 51234 4000\r\n"
	get := func(web string) {
		req, _ := http.NewRequest("GET", "http://chat.example/ws", nil)
		for k, v := range map[string]string{
			"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
			"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "X-Forwarded-For": "198.51.100.7",
		} {
			req.Header.Set(k, v)
		}
		res, err := onUnix(web).Do(req)
		if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("%v, %v", res, err)
		}
		t.Cleanup(func() { res.Body.Close() })
	}
	t.Run("trusted", func(t *testing.T) {
		p, chat, web := startOnUnix(t, harness.PublicFolder(t), "--proxy", "unix", "--host", "other.example")
		fmt.Fprint(dialUnix(t, chat), header, "/who\n")
		harness.ExpectLine(t, p.Err, `.*msg="member joined" .* transport=tcp addr=203\.0\.113\.7:51234 .*`)
		get(web)
		harness.ExpectLine(t, p.Err, `.*msg="member joined" .* transport=ws addr=198\.51\.100\.7:0 .*`)
		c := dialUnix(t, chat)
		fmt.Fprintln(c, "no header")
		if got, err := io.ReadAll(c); len(got) > 0 {
			t.Errorf("without a header: %q, %v", got, err)
		}
	})
	t.Run("not trusted", func(t *testing.T) {
		p, chat, web := startOnUnix(t, harness.PublicFolder(t), "--proxy", "127.0.0.0/8,0.0.0.0/0,::/0")
		c := dialUnix(t, chat)
		fmt.Fprint(c, header)
		if got, _ := io.ReadAll(c); !strings.Contains(string(got), "PROXY") {
			t.Errorf("the answer to a header is %q", got)
		}
		get(web)
		harness.ExpectLine(t, p.Err, `.*msg="member joined" .* transport=ws addr="?unix:.*`)
		if n := p.Err.Count(regexp.MustCompile(`203\.0\.113\.7|198\.51\.100\.7`).MatchString); n > 0 {
			t.Error("the log has an address that an untrusted peer named")
		}
	})
}

// TestManyOnUnixSocket opens more connections than one address may have.
func TestManyOnUnixSocket(t *testing.T) {
	t.Parallel()
	p, chat, web := startOnUnix(t, harness.PublicFolder(t), "--max-per-address", "3", "--max-arrivals", "3")
	for range 10 {
		out := harness.NewFeed[string]()
		go harness.ReadLines(dialUnix(t, chat), out)
		harness.ExpectLine(t, out, harness.WelcomeLine)
		c := dialUnix(t, web)
		fmt.Fprint(c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		page := harness.NewFeed[string]()
		go harness.ReadLines(c, page)
		harness.ExpectLine(t, page, "HTTP/1.1 200 OK.*")
	}
	p.Signal(t, syscall.SIGTERM)
	p.ExitCode(t, harness.Patience)
}
