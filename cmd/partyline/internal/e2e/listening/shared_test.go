package listening

import (
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// oneAddress returns flags that make a free address that of both --tcp and --http.
func oneAddress(t *testing.T) []string {
	t.Helper()
	addr := harness.FreeAddr(t)
	return []string{"--tcp", addr, "--http", addr}
}

// onBoth runs a test with a program at two addresses, and with one at one address.
func onBoth(t *testing.T, test func(t *testing.T, address ...string)) {
	t.Parallel()
	t.Run("two addresses", func(t *testing.T) {
		t.Parallel()
		test(t)
	})
	t.Run("one address", func(t *testing.T) {
		t.Parallel()
		test(t, oneAddress(t)...)
	})
}

// TestOneAddress has netcat, the page, talk, send and a bot in one room, at one address.
func TestOneAddress(t *testing.T) {
	t.Parallel()
	s := harness.StartProgram(t, oneAddress(t)...)
	if s.TCP != s.HTTP {
		t.Fatalf("the log has %s and %s", s.TCP, s.HTTP)
	}
	state := []string{"XDG_STATE_HOME=" + t.TempDir()}
	nc, nick := harness.Netcat(t, s.TCP) // which says nothing
	page := browser.Open(t, "http://"+s.HTTP+"/")
	page.Say("hello from the page")
	harness.ExpectLine(t, nc.Out, page.Nick()+": hello from the page")
	talk := harness.StartPartyline(t, state, "talk", s.TCP, "--nick", "talker")
	talk.Say(t, "hello from talk")
	harness.ExpectLine(t, nc.Out, "talker: hello from talk")
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=bot")
	bot.Say(t, "k", "hello from a bot")
	harness.ExpectLine(t, nc.Out, "bot: hello from a bot")
	send := harness.StartPartyline(t, state, "send", "http://"+s.HTTP+"/", "hello from send", "--nick", "sender")
	if code := send.ExitCode(t, harness.Patience); code != 0 {
		t.Errorf("send exits with %d: %s", code, send.Err)
	}
	harness.ExpectLine(t, nc.Out, "sender: hello from send")
	nc.Say(t, "hello from netcat")
	if got := page.Expect("hello from netcat"); got.From != nick {
		t.Errorf("the page shows %+v", got)
	}
	curl := harness.Start(t, harness.NeedProgram(t, "curl"), "-sS", "http://"+s.HTTP+"/healthz")
	if code := curl.ExitCode(t, harness.Patience); code != 0 {
		t.Errorf("curl exits with %d", code)
	}
	// No connection of the browser is taken for a member.
	nc.Say(t, "/who")
	members := strings.Split(harness.ExpectLine(t, nc.Out, `= (.*)`)[0], ", ")
	if len(members) != 4 { // netcat, the page, talk, the bot
		t.Errorf("the members are %q", members)
	}
	s.Stop(t)
	harness.ExpectLine(t, nc.Out, harness.GoodbyeLine)
}

// TestOneAddressTLS has clients with and without TLS at one address.
func TestOneAddressTLS(t *testing.T) {
	t.Parallel()
	s := startSecured(t, oneAddress(t)...)
	nc, _ := harness.Netcat(t, s.TCP)
	host, port, _ := net.SplitHostPort(s.TCP)
	secure := harness.Start(t, harness.NeedProgram(t, "openssl"), "s_client", "-quiet", "-verify_return_error", "-CAfile", s.caFile, "-connect", host+":"+port)
	nick := harness.ExpectLine(t, secure.Out, harness.WelcomeLine)[0]
	secure.Say(t, "hello from openssl")
	harness.ExpectLine(t, nc.Out, nick+": hello from openssl")
	page := browser.Open(t, "http://"+s.HTTP+"/") // is redirected
	page.Say("hello from the page")
	harness.ExpectLine(t, secure.Out, page.Nick()+": hello from the page")
	for _, addr := range []string{"tls://" + s.TCP, "wss://" + s.HTTP, "https://" + s.HTTP + "/"} {
		talk := s.talk(t, addr, "talker")
		talk.Say(t, "hello over "+addr)
		harness.ExpectLine(t, nc.Out, "talker: hello over "+regexp.QuoteMeta(addr))
		harness.ExpectLine(t, secure.Out, "talker: hello over "+regexp.QuoteMeta(addr))
		talk.Kill(t)
		harness.ExpectLine(t, nc.Out, `\* talker has left`)
	}
	nc.Say(t, "hello from netcat")
	page.Expect("hello from netcat")
}

// TestOneUnixSocket serves both on one unix socket, and on one socket of a service manager.
func TestOneUnixSocket(t *testing.T) {
	t.Parallel()
	path := harness.PublicFolder(t) + "/both.sock"
	inherited, addr := harness.SocketFile(t, "tcp", "127.0.0.1:0")
	for name, start := range map[string]func() *harness.Process{
		"unix": func() *harness.Process {
			return harness.StartPartyline(t, nil, "--tcp", "unix:"+path, "--http", "unix:"+path)
		},
		"inherited": func() *harness.Process {
			return harness.StartCommand(t, harness.Activated(t, "both", []*os.File{inherited}, "--tcp", "fd:both", "--http", "fd:both"))
		},
	} {
		p := &harness.Program{Process: start()}
		harness.ExpectLine(t, p.Err, harness.TCPListening)
		harness.ExpectLine(t, p.Err, harness.HTTPListening)
		chat, web := []string{"-U", path}, []string{"-sS", "--unix-socket", path, "http://localhost/"}
		if name == "inherited" {
			host, port, _ := net.SplitHostPort(addr.String())
			chat, web = []string{host, port}, []string{"-sS", "http://" + addr.String() + "/"}
		}
		nc := harness.Start(t, harness.NeedProgram(t, "nc.openbsd", "nc"), chat...)
		harness.ExpectLine(t, nc.Out, harness.WelcomeLine)
		curl := harness.Start(t, harness.NeedProgram(t, "curl"), web...)
		harness.ExpectLine(t, curl.Out, ".*<title>partyline</title>.*")
		p.Stop(t)
	}
}

// TestOneAddressProxied connects as a proxy, with a PROXY header and with the header of HTTP. After
// a PROXY header the client is not a proxy, so that it can't forge a header of HTTP.
func TestOneAddressProxied(t *testing.T) {
	t.Parallel()
	s := harness.StartProgram(t, append(oneAddress(t), "--proxy", "127.0.0.1", "--log-level", "debug")...)
	for nick, c := range map[string]struct{ before, header, addr string }{
		"proxied": {"PROXY TCP4 203.0.113.7 192.0.2.1 51234 80\r\n", "", `203\.0\.113\.7:51234`},
		"forger":  {"PROXY TCP4 203.0.113.8 192.0.2.1 51234 80\r\n", "X-Forwarded-For: 198.51.100.1\r\n", `203\.0\.113\.8:51234`},
		"direct":  {"", "X-Forwarded-For: 203.0.113.9\r\n", `203\.0\.113\.9:0`},
	} {
		conn := harness.Dial(t, s.HTTP)
		fmt.Fprintf(conn, "%sGET /ws?nick=%s HTTP/1.1\r\nHost: localhost\r\n%sConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", c.before, nick, c.header)
		harness.ExpectLine(t, s.Err, `.*msg="member joined" nick=`+nick+` transport=ws addr=`+c.addr+` .*`)
	}
	conn := harness.Dial(t, s.TCP)
	fmt.Fprint(conn, "PROXY TCP4 203.0.113.10 192.0.2.1 51234 80\r\nhello\n")
	harness.ExpectLine(t, s.Err, `.*msg="member joined" nick=\S+ transport=tcp addr=203\.0\.113\.10:51234 .*`)
	bare := harness.Dial(t, s.TCP)
	fmt.Fprint(bare, "hello\n")
	if received, err := io.ReadAll(bare); len(received) > 0 {
		t.Errorf("a proxy without a header reads %q, %v", received, err)
	}
	harness.ExpectLine(t, s.Err, `.*msg="PROXY header rejected" .*`)
}

// TestEarlyFrames sends a handshake and many frames at once, more than the HTTP server reads of them.
func TestEarlyFrames(t *testing.T) {
	t.Parallel()
	s := harness.StartProgram(t, append(oneAddress(t), "--rate", "0")...)
	nc, _ := harness.Netcat(t, s.TCP)
	var all strings.Builder
	all.WriteString("GET /ws?nick=eager HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	const frames = 30
	for i := range frames {
		text := fmt.Sprintf("%03d %s", i, strings.Repeat("x", 996))
		all.WriteString("\x81\xfe\x03\xe8\x00\x00\x00\x00" + text)
	}
	conn := harness.Dial(t, s.HTTP)
	if _, err := io.WriteString(conn, all.String()); err != nil {
		t.Fatal(err)
	}
	for i := range frames {
		if got := harness.ExpectLine(t, nc.Out, `eager: (\d+) x+`)[0]; got != fmt.Sprintf("%03d", i) {
			t.Fatalf("message %s comes instead of %d", got, i)
		}
	}
}

// TestTwoForms gives two forms of one address. The error says what to do.
func TestTwoForms(t *testing.T) {
	t.Parallel()
	_, port, _ := net.SplitHostPort(harness.FreeAddr(t))
	p := harness.StartPartyline(t, nil, "--tcp", "127.0.0.1:"+port, "--http", "localhost:"+port)
	if code := p.ExitCode(t, harness.Patience); code != 1 {
		t.Errorf("exit code %d", code)
	}
	harness.ExpectLine(t, p.Err, `partyline: --http localhost:\d+ is taken by --tcp 127\.0\.0\.1:\d+: give both the same address, .*`)
}
