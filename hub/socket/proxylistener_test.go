package socket

import (
	"bufio"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"partyline/hub/hubtest"
)

// proxied is what package web expects of a connection.
type proxied interface {
	ProxyHeader() (client net.Addr, usesTLS, ok bool)
}

var (
	_ proxied = (*ProxiedConn)(nil)
	_ proxied = (*earlyConn)(nil)
	_ proxied = (*earlyTLSConn)(nil)
	_ proxied = (*tlsLayer)(nil)
)

// proxiedServer starts an HTTP server that answers with the client's address, or "itself". It
// requires PROXY headers if isProxy is true.
func proxiedServer(t *testing.T, isProxy bool) (addr string, log *hubtest.Buffer) {
	t.Helper()
	log = new(hubtest.Buffer)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		from := "no ProxiedConn"
		if p, ok := c.(*ProxiedConn); ok {
			client, _, _ := p.ProxyHeader()
			if from = "itself"; client != nil {
				from = client.String()
			}
			if p.RemoteAddr().(*net.TCPAddr).IP.String() != "127.0.0.1" {
				from += " through " + p.RemoteAddr().String()
			}
			c = p.Conn
		}
		io.WriteString(c, from+"\n")
		io.Copy(c, c)
	}))
	s.Config.ReadHeaderTimeout = 200 * time.Millisecond
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	s.Listener = NewProxyListener(s.Listener, func(net.Addr) bool { return isProxy }, slog.New(slog.NewTextHandler(log, nil)))
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String(), log
}

// exchange sends a request on a new connection and returns the first line of the answer. If the line
// is not that of an error, the server also echoes what is sent after it.
func exchange(t *testing.T, addr, request string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(c, request)
	in := bufio.NewReader(c)
	line, err := in.ReadString('\n')
	if err != nil {
		t.Errorf("after %q: %v", line, err)
	}
	if !strings.HasPrefix(line, "HTTP") {
		io.WriteString(c, "hello\n")
		if echo, err := in.ReadString('\n'); echo != "hello\n" || err != nil {
			t.Errorf("instead of hello it reads %q, %v", echo, err)
		}
	}
	return strings.TrimSpace(line)
}

// TestProxyListener sends HTTP requests with PROXY headers and without. After the request the
// connection below has the rest of the input.
func TestProxyListener(t *testing.T) {
	const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, c := range []struct {
		isProxy bool
		header  string
		want    string
	}{
		{true, "PROXY TCP4 203.0.113.7 192.0.2.1 12345 80\r\n", "203.0.113.7:12345"},
		{true, v2("\x21\x21", addr6), "[2001:db8::7]:12345"},
		{true, v2("\x20\x00", ""), "itself"},
		{true, "PROXY UNKNOWN\r\n", "itself"},
		{true, "", "HTTP/1.1 400 Bad Request"},
		{true, "PROXY TCP4 203.0.113.7 192.0.2.1 12345 80 HTTP/1.1\r\n", "HTTP/1.1 400 Bad Request"},
		{false, "", "no ProxiedConn"},
		{false, "PROXY TCP4 203.0.113.7 192.0.2.1 12345 80\r\n", "HTTP/1.1 400 Bad Request"},
	} {
		addr, log := proxiedServer(t, c.isProxy)
		for range 2 {
			if got := exchange(t, addr, c.header+request); got != c.want {
				t.Errorf("%q: the answer is %q, not %q", c.header, got, c.want)
			}
		}
		warnings := 0
		if c.isProxy && strings.Contains(c.want, "400") {
			warnings = 1
		}
		if got := strings.Count(log.String(), "--proxy-header"); got != warnings || strings.Count(log.String(), "\n") != warnings {
			t.Errorf("%q: the log has %s", c.header, log)
		}
	}
}

// TestProxyListenerSilent connects without a header: the connection is closed, a warning is not
// logged, and other connections do not wait.
func TestProxyListenerSilent(t *testing.T) {
	addr, log := proxiedServer(t, true)
	silent := make([]net.Conn, 10)
	for i := range silent {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		silent[i] = c
		io.WriteString(c, "PROXY TCP4"[:i])
	}
	if got := exchange(t, addr, "PROXY UNKNOWN\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"); got != "itself" {
		t.Errorf("the answer is %q", got)
	}
	for i, c := range silent {
		c.SetDeadline(time.Now().Add(20 * time.Second))
		if got, err := io.ReadAll(c); err != nil || len(got) > 0 {
			t.Errorf("connection %d reads %q, %v", i, got, err)
		}
	}
	if log.String() != "" {
		t.Errorf("the log has %s", log)
	}
}

// TestProxiedTLS does a TLS handshake after a PROXY header. The connection below has the client in
// the header, and a Conn takes it.
func TestProxiedTLS(t *testing.T) {
	serverConfig, clientConfig, err := hubtest.TLS()
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	secure := TLSListener(NewProxyListener(ln, func(net.Addr) bool { return true }, slog.New(slog.DiscardHandler)), serverConfig)
	nc, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	client := tls.Client(nc, clientConfig)
	go func() {
		io.WriteString(nc, "PROXY TCP4 203.0.113.7 192.0.2.1 51234 443\r\n")
		io.WriteString(client, "hello")
	}()
	server, err := secure.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if err := server.(*tls.Conn).Handshake(); err != nil {
		t.Fatal(err)
	}
	if got, _, ok := server.(*tls.Conn).NetConn().(proxied).ProxyHeader(); !ok || got.String() != "203.0.113.7:51234" {
		t.Errorf("the header of the connection below says %v, %t", got, ok)
	}
	var g Group
	c := new(Conn)
	if err := c.Init(server, &g, func([]byte, int) int { return 0 }, time.Minute); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := c.Read(); string(got) != "hello" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
}
