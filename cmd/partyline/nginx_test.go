package main

import (
	"bufio"
	"bytes"
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
)

// nginx is a running nginx with the configuration that we ship, before a server.
type nginx struct {
	http, tcp string // where it listens
	*process
}

// startNginx starts nginx on free ports before a server and waits until it lets in.
func startNginx(t *testing.T, s *server) *nginx {
	t.Helper()
	return startNginxOn(t, s, freeAddr(t), freeAddr(t))
}

func startNginxOn(t *testing.T, s *server, httpAddr, tcpAddr string) *nginx {
	t.Helper()
	return startNginxWith(t, s, httpAddr, tcpAddr, nil)
}

// startNginxWith changes more in the configuration: old parts, each of which it has once.
func startNginxWith(t *testing.T, s *server, httpAddr, tcpAddr string, changes map[string]string) *nginx {
	t.Helper()
	path := needProgram(t, "nginx", "/usr/sbin/nginx")
	shipped, err := os.ReadFile("../../deploy/nginx/partyline.conf")
	if err != nil {
		t.Fatal(err)
	}
	conf := string(shipped)
	if module := regexp.MustCompile(`(?m)^load_module (\S+);`).FindStringSubmatch(conf); module != nil {
		if _, err := os.Stat(module[1]); err != nil {
			missing(t, "nginx's stream module")
		}
	}
	parts := map[string]string{
		"listen 8000 ":               "listen " + httpAddr + " ",
		"listen 4001 ":               "listen " + tcpAddr + " ",
		"server 127.0.0.1:8080;":     "server " + s.http + ";",
		"proxy_pass 127.0.0.1:4000;": "proxy_pass " + s.tcp + ";",
	}
	maps.Copy(parts, changes)
	for old, mine := range parts {
		if strings.Count(conf, old) != 1 {
			t.Fatalf("partyline.conf has %q %d times, not once", old, strings.Count(conf, old))
		}
		conf = strings.Replace(conf, old, mine, 1)
	}

	// A folder that nginx's workers, who are somebody else, can reach.
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

	n := &nginx{httpAddr, tcpAddr, start(t, path, "-p", dir, "-c", file, "-g", "daemon off;")}
	if !eventually(func() bool { return n.ended() || answers(httpAddr) && answers(tcpAddr) }) || n.ended() {
		t.Fatalf("nginx does not start:\n%s", n.err)
	}
	return n
}

func (n *nginx) ended() bool {
	select {
	case <-n.exited:
		return true
	default:
		return false
	}
}

// stop ends nginx as its package does, at once.
func (n *nginx) stop(t *testing.T) {
	t.Helper()
	n.signal(t, syscall.SIGTERM)
	n.exitCode(t, patience)
}

// freeAddr returns an address on which nobody listens just now.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func answers(addr string) bool {
	conn, err := net.Dial("tcp", addr)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// TestNginxPage opens the page at the root and under a path, with netcat at the raw port.
func TestNginxPage(t *testing.T) {
	n := startNginx(t, startServer(t, nil))
	nc, nick := netcat(t, n.tcp)

	for _, path := range []string{"/", "/party/", "/party", "/party?room=lobby"} {
		t.Run(path, func(t *testing.T) {
			page := openPage(t, "http://"+n.http+path)
			page.say("a browser at " + path)
			expectLine(t, nc.out, page.nick()+": a browser at "+regexp.QuoteMeta(path))
			nc.say(t, "netcat to "+path)
			if got := page.expect("netcat to " + path); got.From != nick {
				t.Errorf("the page shows %+v for what %s said", got, nick)
			}
		})
	}
	sayAndGo(t, n.tcp, nc)
}

// TestNginxOrigin asks for WebSockets as pages of this and of other sites do.
func TestNginxOrigin(t *testing.T) {
	s := startServer(t, func(c *config) { c.origins = []string{"https://friend.example"} })
	n := startNginx(t, s)
	for origin, status := range map[string]int{
		"":                                 http.StatusSwitchingProtocols,
		"http://" + n.http:                 http.StatusSwitchingProtocols,
		"https://friend.example":           http.StatusSwitchingProtocols,
		"https://foreign.example":          http.StatusForbidden,
		"http://foreign.example/" + n.http: http.StatusForbidden,
		"http://127.0.0.1":                 http.StatusForbidden,
		"http://" + s.http:                 http.StatusForbidden, // where nginx finds it, not where a browser does
		"null":                             http.StatusForbidden,
	} {
		for _, path := range []string{"/ws", "/party/ws"} {
			header := http.Header{}
			if origin != "" {
				header.Set("Origin", origin)
			}
			_, res, err := dialWebSocket(t, "ws://"+n.http+path, &websocket.DialOptions{HTTPHeader: header})
			if res == nil {
				t.Errorf("%s from %q: %v", path, origin, err)
			} else if res.StatusCode != status {
				t.Errorf("%s from %q is answered %d, not %d", path, origin, res.StatusCode, status)
			}
		}
	}
}

// TestNginxShutdown has a bot read the goodbye and the close code through nginx.
func TestNginxShutdown(t *testing.T) {
	s := startServer(t, nil)
	n := startNginx(t, s)
	bot := dialBot(t, "ws://"+n.http+"/party/ws")
	bot.expectType(t, "welcome")
	nc, _ := netcat(t, n.tcp)

	s.stop()
	if bye := bot.expectType(t, "bye"); bye.Reason != "shutdown" || !bye.Reconnect {
		t.Errorf("the goodbye is %+v", bye)
	}
	bot.expectClose(t, websocket.StatusServiceRestart)
	expectLine(t, nc.out, goodbye)
}

// TestNginxTooLong has a bot read why it is put off, through nginx and without: it sent too
// much, be it a little or so much that the server is still reading.
func TestNginxTooLong(t *testing.T) {
	s := startServer(t, nil)
	n := startNginx(t, s)
	for door, addr := range map[string]string{"direct": s.http, "nginx": n.http} {
		for _, size := range []int{40_000, 4_000_000} {
			t.Run(fmt.Sprintf("%s, %d", door, size), func(t *testing.T) {
				bot := dialBot(t, "ws://"+addr+"/ws")
				bot.expectType(t, "welcome")
				if err := bot.send(map[string]any{"type": "say", "text": strings.Repeat("a", size)}); err != nil {
					t.Errorf("it is cut off while it sends: %v", err)
				}
				bot.expectClose(t, websocket.StatusMessageTooBig)
			})
			t.Run(fmt.Sprintf("%s, %d, not looking", door, size), func(t *testing.T) {
				sendUnread(t, addr, size)
			})
		}
	}
}

// sendUnread sends a message that is too long, and only then looks at what came: it is the
// welcome, why it is put off, and, once that is answered, the end; never a reset.
func sendUnread(t *testing.T, addr string, size int) {
	conn := dialRawWebSocket(t, addr)
	header := []byte{0x81, 0x80 | 126, byte(size >> 8), byte(size)}
	if size > 0xffff {
		header = binary.BigEndian.AppendUint64([]byte{0x81, 0x80 | 127}, uint64(size))
	}
	if _, err := conn.Write(append(header, make([]byte, 4+size)...)); err != nil {
		t.Fatalf("it is cut off while it sends: %v", err)
	}
	conn.SetDeadline(time.Now().Add(patience))
	in := bufio.NewReader(conn)
	tooLong := []byte{0x88, 2, 1009 >> 8, 1009 & 0xff}
	var got []byte
	for !bytes.HasSuffix(got, tooLong) {
		b, err := in.ReadByte()
		if err != nil {
			t.Fatalf("behind %q comes %v, not 1009", got, err)
		}
		got = append(got, b)
	}
	conn.Write([]byte{0x88, 0x82, 0, 0, 0, 0, 1009 >> 8, 1009 & 0xff})
	if rest, err := io.ReadAll(in); len(rest) > 0 || err != nil {
		t.Errorf("behind the close comes %q, %v", rest, err)
	}
}

// TestNginxGone takes nginx away under a page, without a word to it, and starts it again:
// the page comes back and gets what was said meanwhile.
func TestNginxGone(t *testing.T) {
	s := startServer(t, nil)
	n := startNginx(t, s)
	nc, _ := netcat(t, s.tcp)
	page := openPage(t, "http://"+n.http)
	said := talk(t, nc, "before", 3)
	page.expect(said[2])

	n.stop(t)
	page.expectState("waiting")
	said = append(said, talk(t, nc, "missed", 30)...)
	startNginxOn(t, s, n.http, n.tcp)
	page.expectState("open")
	said = append(said, talk(t, nc, "live", 3)...)
	page.expectTold(said)
}

// TestNginxAddresses has nginx tell the addresses of its clients: those are in the log, and
// nowhere else.
func TestNginxAddresses(t *testing.T) {
	p := startProgram(t, "--proxy", "127.0.0.1")
	n := startNginxWith(t, &server{tcp: p.tcp, http: p.http}, freeAddr(t), freeAddr(t),
		map[string]string{"#   proxy_protocol on;": "proxy_protocol on;"})

	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 7)}, Timeout: patience}
	conn, err := from.Dial("tcp", n.tcp)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &caller{conn.(*net.TCPConn), newFeed[string]()}
	go readLines(conn, c.out)
	nick := expectLine(t, c.out, welcomed)[0]
	expectLine(t, p.err, `.*msg="member on" nick=`+nick+` via=tcp addr=127\.0\.0\.7:\d+ .*`)

	conn, err = from.Dial("tcp", n.http)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "GET /ws?nick=webby HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n")
	expectLine(t, p.err, `.*msg="member on" nick=webby via=ws addr=127\.0\.0\.7:0 .*`)
	c.say(t, "hello through nginx")
	expectLine(t, c.out, nick+": hello through nginx")
}
