package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"partyline/client"
)

// lineServer accepts connections and answers each with the same bytes.
func lineServer(t *testing.T, ln net.Listener, answer string) string {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, answer)
			if tcp, ok := c.(*net.TCPConn); ok {
				tcp.CloseWrite()
				io.Copy(io.Discard, c)
			}
			c.Close()
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		<-done
	})
	return ln.Addr().String()
}

// TestDialErrors checks that each error names the address and the cause, and says what to try.
func TestDialErrors(t *testing.T) {
	s := newServer(t)
	dial(t, s.tcp, client.Options{Nick: "alice"})
	closed := listen(t, "tcp", "127.0.0.1:0")
	closed.Close()
	nobody := closed.Addr().String()
	website := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved/ws":
			http.Redirect(w, r, "https://elsewhere.example/ws", http.StatusMovedPermanently)
		case "/down/ws":
			http.Error(w, "<html>nginx</html>", http.StatusBadGateway)
		case "/full/ws":
			http.Error(w, "the server is full", http.StatusServiceUnavailable)
		case "/other/ws":
			ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
			if err == nil {
				ws.Close()
			}
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(website.Close)
	site := strings.TrimPrefix(website.URL, "http://")
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	certified := strings.TrimPrefix(secure.URL, "https://")
	server := func(answer string) string { return lineServer(t, listen(t, "tcp", "127.0.0.1:0"), answer) }

	for _, c := range []struct {
		address string
		options client.Options
		refused bool
		want    string // after "connect to ADDRESS: "
	}{
		{nobody, client.Options{}, false, "connection refused: nothing listens there"},
		{"ws://" + nobody, client.Options{}, false, "connection refused: nothing listens there"},
		{"tcp://no-such-host.invalid", client.Options{}, false, "the name no-such-host.invalid is not known: check its spelling"},
		{"unix:" + filepath.Join(t.TempDir(), "none"), client.Options{}, false, "no such file or directory: there is no such socket"},
		{"http://" + s.tcp, client.Options{}, false, "this is a chat line; the web page is at http://chat.example/: use its tcp:// address"},
		{site, client.Options{}, false, "it is a web server: use its http:// or https:// address"},
		{certified, client.Options{}, false, "Does it expect TLS (tls://)?"},
		{server("\x15\x03\x01\x00\x02\x02\x46"), client.Options{}, false, "it expects TLS: use tls://"},
		{server("SSH-2.0-OpenSSH_9.2\r\n"), client.Options{}, false, "it is an SSH server: check the port"},
		{server("! the server is full: try again later\n"), client.Options{}, true, "the server is full: try again later"},
		{server(""), client.Options{}, false, "it closed the connection before a welcome: is it partyline?"},
		{"tls://" + server("! the server is full: try again later\n"), client.Options{}, false, "it answered without TLS: the server is full: try again later"},
		{"tls://" + server("* You are not\n! welcome\n"), client.Options{}, false, "it does not speak TLS: use tcp://"},
		{"tls://" + s.tcp, client.Options{}, false, "it does not speak TLS: use tcp://"},
		{"wss://" + s.http, client.Options{}, false, "it does not speak TLS: use ws://"},
		{"tls://" + certified, client.Options{}, false, "SSL_CERT_FILE"},
		{"https://" + certified, client.Options{}, false, "SSL_CERT_FILE"},
		{website.URL, client.Options{}, false, "the server answered 404 Not Found: there is no partyline at the path /ws"},
		{website.URL + "/moved", client.Options{}, false, "it redirects to https://elsewhere.example/ws: use that address"},
		{website.URL + "/down/", client.Options{}, false, "the server answered 502 Bad Gateway: a proxy answered for partyline"},
		{website.URL + "/full", client.Options{}, true, "the server answered 503 Service Unavailable: the server is full"},
		{website.URL + "/other", client.Options{}, false, "its WebSocket does not speak partyline.json.v1"},
		{s.tcp, client.Options{Nick: "Alice"}, true, "Alice is taken"},
		{"ws://" + s.http, client.Options{Nick: "Alice"}, true, "Alice is taken"},
		{s.tcp, client.Options{Nick: "a b"}, true, "not a name: "},
		{"ws://" + s.http, client.Options{Nick: "a b"}, true, "not a name: "},
		{s.tcp, client.Options{Room: "a b"}, true, "not a room: "},
		{"ws://" + s.http, client.Options{Room: "a b"}, true, "not a room: "},
		{"http://" + s.http + "/?room=a+b", client.Options{}, true, "not a room: "},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		_, err := client.Dial(ctx, c.address, c.options)
		cancel()
		var d *client.DialError
		if !errors.As(err, &d) || d.Refused != c.refused || !strings.HasPrefix(err.Error(), "connect to ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %+v: got %v, want %q", c.address, c.options.Nick, err, c.want)
		}
	}
}

// TestDialTimeout connects to a server that says nothing.
func TestDialTimeout(t *testing.T) {
	ln := listen(t, "tcp", "127.0.0.1:0")
	defer ln.Close()
	for _, scheme := range []string{"tcp", "ws", "tls"} {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		_, err := client.Dial(ctx, scheme+"://"+ln.Addr().String(), client.Options{TLS: &tls.Config{InsecureSkipVerify: true}})
		cancel()
		if err == nil || !strings.Contains(err.Error(), "no answer in time: a firewall may be in between") {
			t.Errorf("%s: %v", scheme, err)
		}
	}
}

// TestAddresses checks which addresses are valid, and what they mean.
func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"chat.example:4000":              "tcp://chat.example:4000",
		":4000":                          "tcp://localhost:4000",
		"[::1]:4000":                     "tcp://[::1]:4000",
		"tcp://chat.example":             "tcp://chat.example:4000",
		"tls://chat.example:4443":        "tls://chat.example:4443",
		"ws://chat.example":              "ws://chat.example:80/ws",
		"wss://chat.example/party/ws":    "wss://chat.example:443/party/ws",
		"http://chat.example:8080/":      "ws://chat.example:8080/ws",
		"https://chat.example/party/":    "wss://chat.example:443/party/ws",
		"https://chat.example/?room=ops": "wss://chat.example:443/ws",
		"unix:/run/partyline.sock":       "unix:/run/partyline.sock",
		"chat.example":                   "wss://chat.example:443/ws ws://chat.example:80/ws tcp://chat.example:4000",
		"::1":                            "wss://[::1]:443/ws ws://[::1]:80/ws tcp://[::1]:4000",
		"ftp://chat.example":             "error: ftp is not one of tcp, tls, ws, wss, http, https and unix",
		"tcp://":                         "error: has no host",
		"unix:":                          "error: has no path",
		"chat.example:":                  "error: has no port",
		"chat.example/party":             "error: is neither HOST, HOST:PORT nor a URL",
		"":                               "error: is neither HOST, HOST:PORT nor a URL",
		"ws://chat.example:port/":        "error: is not a URL",
	} {
		list, err := client.Addresses(address)
		got := strings.Join(list, " ")
		if err != nil {
			got = fmt.Sprint("error: ", err)
		}
		if text, isError := strings.CutPrefix(want, "error: "); got != want && !(isError && err != nil && strings.Contains(got, text)) {
			t.Errorf("%q: got %s, want %s", address, got, want)
		}
	}
}
