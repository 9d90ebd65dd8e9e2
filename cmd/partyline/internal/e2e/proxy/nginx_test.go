package proxy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"partyline/client"
	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// nginx is a running nginx with the configuration in deploy/nginx, in front of a server.
type nginx struct {
	http, tcp string // listener addresses
	*harness.Process
}

// startNginx starts nginx on free ports in front of a server, and waits until it accepts
// connections.
func startNginx(t *testing.T, s *harness.Server) *nginx {
	t.Helper()
	return startNginxOn(t, s, harness.FreeAddr(t), harness.FreeAddr(t))
}

// startNginxOn is like startNginx, with fixed addresses.
func startNginxOn(t *testing.T, s *harness.Server, httpAddr, tcpAddr string) *nginx {
	t.Helper()
	return startNginxWith(t, s, httpAddr, tcpAddr, nil)
}

// startNginxWith is like startNginxOn. It also replaces the keys of changes, each of which occurs
// once in the configuration, by their values.
func startNginxWith(t *testing.T, s *harness.Server, httpAddr, tcpAddr string, changes map[string]string) *nginx {
	t.Helper()
	path := harness.NeedProgram(t, "nginx", "/usr/sbin/nginx")
	shipped, err := os.ReadFile(harness.RepoPath("deploy/nginx/partyline.conf"))
	if err != nil {
		t.Fatal(err)
	}
	conf := string(shipped)
	if module := regexp.MustCompile(`(?m)^load_module (\S+);`).FindStringSubmatch(conf); module != nil {
		if _, err := os.Stat(module[1]); err != nil {
			harness.Missing(t, "nginx's stream module")
		}
	}
	parts := map[string]string{
		"listen 8000 ":               "listen " + httpAddr + " ",
		"listen 4001 ":               "listen " + tcpAddr + " ",
		"server 127.0.0.1:8080;":     "server " + s.HTTP + ";",
		"proxy_pass 127.0.0.1:4000;": "proxy_pass " + s.TCP + ";",
	}
	maps.Copy(parts, changes)
	for old, replacement := range parts {
		if strings.Count(conf, old) != 1 {
			t.Fatalf("partyline.conf: %q occurs %[2]d times, want 1", old, strings.Count(conf, old))
		}
		conf = strings.Replace(conf, old, replacement, 1)
	}

	// The workers of nginx run as another user and must be able to read the directory.
	dir, err := os.MkdirTemp("", "partyline-nginx-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "partyline.conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}

	n := &nginx{httpAddr, tcpAddr, harness.Start(t, path, "-p", dir, "-c", file, "-g", "daemon off;")}
	if !harness.Eventually(func() bool { return n.ended() || harness.Accepts(httpAddr) && harness.Accepts(tcpAddr) }) || n.ended() {
		t.Fatalf("nginx has not started:\n%s", n.Err)
	}
	return n
}

// ended reports whether the process has exited.
func (n *nginx) ended() bool {
	select {
	case <-n.Exited:
		return true
	default:
		return false
	}
}

// stop ends nginx by SIGTERM, its fast shutdown.
func (n *nginx) stop(t *testing.T) {
	t.Helper()
	n.Signal(t, syscall.SIGTERM)
	n.ExitCode(t, harness.Patience)
}

// TestNginxPage opens the page at the root and under a path, with netcat on the TCP port.
func TestNginxPage(t *testing.T) {
	harness.SkipIfShort(t)
	n := startNginx(t, harness.StartServer(t, nil))
	nc, nick := harness.Netcat(t, n.tcp)

	for _, path := range []string{"/", "/party?room=lobby", "/party/", "/party"} {
		t.Run(path, func(t *testing.T) {
			page := browser.Open(t, "http://"+n.http+path)
			page.Say("a browser at " + path)
			harness.ExpectLine(t, nc.Out, page.Nick()+": a browser at "+regexp.QuoteMeta(path))
			nc.Say(t, "netcat to "+path)
			if got := page.Expect("netcat to " + path); got.From != nick {
				t.Errorf("the page shows %+v for what %s said", got, nick)
			}
		})
	}
	harness.SayAndLeave(t, n.tcp, nc)
}

// TestNginxOrigin opens WebSockets as pages of the same site and of other sites do.
func TestNginxOrigin(t *testing.T) {
	s := harness.StartServer(t, func(c *app.Config) { c.Origins = []string{"https://friend.example"} })
	n := startNginx(t, s)
	for origin, status := range map[string]int{
		"":                                 http.StatusSwitchingProtocols,
		"http://" + n.http:                 http.StatusSwitchingProtocols,
		"https://friend.example":           http.StatusSwitchingProtocols,
		"https://foreign.example":          http.StatusForbidden,
		"http://foreign.example/" + n.http: http.StatusForbidden,
		"http://127.0.0.1":                 http.StatusForbidden,
		"http://" + s.HTTP:                 http.StatusForbidden, // the address that nginx connects to, not the browser's
		"null":                             http.StatusForbidden,
	} {
		for _, path := range []string{"/ws", "/party/ws"} {
			header := http.Header{}
			if origin != "" {
				header.Set("Origin", origin)
			}
			_, res, err := harness.DialWebSocket(t, "ws://"+n.http+path, &websocket.DialOptions{HTTPHeader: header})
			if res == nil {
				t.Errorf("%s from %q: %v", path, origin, err)
			} else if res.StatusCode != status {
				t.Errorf("%s from %q: got status %d, want %d", path, origin, res.StatusCode, status)
			}
		}
	}
}

// TestNginxShutdown has a bot receive the goodbye and the close code through nginx.
func TestNginxShutdown(t *testing.T) {
	s := harness.StartServer(t, nil)
	n := startNginx(t, s)
	bot := harness.DialBot(t, "ws://"+n.http+"/party/ws")
	bot.ExpectType(t, "welcome")
	nc, _ := harness.Netcat(t, n.tcp)

	s.Stop()
	if bye := bot.ExpectType(t, "bye"); bye.Reason != "shutdown" || !bye.Reconnect {
		t.Errorf("the goodbye is %+v", bye)
	}
	bot.ExpectClose(t, websocket.StatusServiceRestart)
	harness.ExpectLine(t, nc.Out, harness.GoodbyeLine)
}

// TestNginxClient connects package client through nginx, by the address of the page and over TCP. While the
// server is down the error names the proxy.
func TestNginxClient(t *testing.T) {
	s := harness.StartServer(t, nil)
	n := startNginx(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	defer cancel()
	for nick, address := range map[string]string{
		"root": "http://" + n.http, "path": "http://" + n.http + "/party/?room=lobby", "ws": "ws://" + n.http + "/party/ws", "tcp": n.tcp,
	} {
		c, err := client.Dial(ctx, address, client.Options{Nick: "bot-" + nick})
		if err != nil {
			t.Fatal(err)
		}
		id, err := c.Say(ctx, "hello")
		if err != nil {
			t.Fatal(err)
		}
		for event := range c.Events(ctx) {
			if m, ok := event.(*client.Message); ok && m.ID == id {
				if m.From != "bot-"+nick {
					t.Errorf("%s: received %+v", address, m)
				}
				break
			}
		}
		c.Close()
	}
	s.Stop()
	_, err := client.Dial(ctx, "http://"+n.http+"/party", client.Options{})
	if err == nil || !strings.Contains(err.Error(), "502 Bad Gateway: a proxy answered for partyline, which it does not reach") {
		t.Errorf("without a server: %v", err)
	}
}

// TestNginxMessageTooLong sends messages that are too long, with nginx and without. One is slightly too
// long, the other so long that the server refuses it before all of it has arrived. The bot receives
// the close code in both cases.
func TestNginxMessageTooLong(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	n := startNginx(t, s)
	for route, addr := range map[string]string{"direct": s.HTTP, "nginx": n.http} {
		for _, size := range []int{40_000, 4_000_000} {
			t.Run(fmt.Sprintf("%s, %d", route, size), func(t *testing.T) {
				bot := harness.DialBot(t, "ws://"+addr+"/ws")
				bot.ExpectType(t, "welcome")
				if err := bot.Send(map[string]any{"type": "say", "text": strings.Repeat("a", size)}); err != nil {
					t.Errorf("disconnected while sending: %v", err)
				}
				bot.ExpectClose(t, websocket.StatusMessageTooBig)
			})
			t.Run(fmt.Sprintf("%s, %d, without reading", route, size), func(t *testing.T) {
				sendUnread(t, addr, size)
			})
		}
	}
}

// sendUnread sends a message that is too long before it reads anything. It receives the welcome, the
// close frame and, after its own close frame, EOF; never a reset.
func sendUnread(t *testing.T, addr string, size int) {
	conn := harness.DialUpgrade(t, addr, "/ws", "")
	header := []byte{0x81, 0x80 | 126, byte(size >> 8), byte(size)}
	if size > 0xffff {
		header = binary.BigEndian.AppendUint64([]byte{0x81, 0x80 | 127}, uint64(size))
	}
	if _, err := conn.Write(append(header, make([]byte, 4+size)...)); err != nil {
		t.Fatalf("disconnected while sending: %v", err)
	}
	conn.SetDeadline(time.Now().Add(harness.Patience))
	in := bufio.NewReader(conn)
	tooLong := []byte{0x88, 2, 1009 >> 8, 1009 & 0xff}
	var got []byte
	for !bytes.HasSuffix(got, tooLong) {
		b, err := in.ReadByte()
		if err != nil {
			t.Fatalf("after %q: %v, want close code 1009", got, err)
		}
		got = append(got, b)
	}
	conn.Write([]byte{0x88, 0x82, 0, 0, 0, 0, 1009 >> 8, 1009 & 0xff})
	if rest, err := io.ReadAll(in); len(rest) > 0 || err != nil {
		t.Errorf("after the close frame: got %q, %v", rest, err)
	}
}

// TestNginxRestarts stops nginx while a page is connected through it, and starts it again. The page
// reconnects and receives the messages that it missed.
func TestNginxRestarts(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	n := startNginx(t, s)
	nc, _ := harness.Netcat(t, s.TCP)
	page := browser.Open(t, "http://"+n.http)
	said := harness.SayNumbered(t, nc, "before", 3)
	page.Expect(said[2])

	n.stop(t)
	page.ExpectState("waiting")
	said = append(said, harness.SayNumbered(t, nc, "missed", 30)...)
	startNginxOn(t, s, n.http, n.tcp)
	page.ExpectState("open")
	said = append(said, harness.SayNumbered(t, nc, "live", 3)...)
	page.ExpectMessages(said)
}

// TestNginxAddresses has nginx forward the addresses of its clients, over TCP and over unix sockets.
// The program logs these addresses.
func TestNginxAddresses(t *testing.T) {
	t.Run("tcp", func(t *testing.T) {
		p := harness.StartProgram(t, "--proxy", "127.0.0.1")
		testNginxAddresses(t, p)
	})
	t.Run("unix", func(t *testing.T) {
		dir := harness.SocketFolder(t)
		testNginxAddresses(t, harness.StartProgram(t, "--tcp", "unix:"+dir+"/chat.sock", "--http", "unix:"+dir+"/web.sock",
			"--unix-mode", "0666", "--proxy", "unix"))
	})
}

func testNginxAddresses(t *testing.T, p *harness.Program) {
	n := startNginxWith(t, &harness.Server{TCP: p.TCP, HTTP: p.HTTP}, harness.FreeAddr(t), harness.FreeAddr(t),
		map[string]string{"#   proxy_protocol on;": "proxy_protocol on;"})

	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 7)}, Timeout: harness.Patience}
	conn, err := from.Dial("tcp", n.tcp)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := harness.ReadText(conn.(*net.TCPConn))
	nick := harness.ExpectLine(t, c.Out, harness.WelcomeLine)[0]
	harness.ExpectLine(t, p.Err, `.*msg="member joined" nick=`+nick+` transport=tcp addr=127\.0\.0\.7:\d+ .*`)

	conn, err = from.Dial("tcp", n.http)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "GET /ws?nick=webby HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n")
	harness.ExpectLine(t, p.Err, `.*msg="member joined" nick=webby transport=ws addr=127\.0\.0\.7:0 .*`)
	c.Say(t, "hello through nginx")
	harness.ExpectLine(t, c.Out, nick+": hello through nginx")
}
