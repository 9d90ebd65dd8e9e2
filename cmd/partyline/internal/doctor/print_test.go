package doctor

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode"

	"partyline/web"
)

// TestPrint prints what is wrong, and compares all of it.
func TestPrint(t *testing.T) {
	o := good()
	o.Report.Upgrade, o.Report.Connection = "", "close"
	o.WebSocket = WebSocket{Answer: Answer{Status: 426, Body: "this is a WebSocket: see the page for people at ./\n"}}
	o.Page.TLS.PeerCertificates[0].NotAfter = time.Date(2099, 1, 2, 0, 0, 0, 0, time.UTC)
	o.ReportAnswer.Took = 0
	o.TCP = TCP{}
	var out bytes.Buffer
	if err := Print(&out, Diagnose(o)); err != nil {
		t.Fatal(err)
	}
	const want = `ok     page       200 OK in 10ms, through nginx/1.22.1
ok     path       /party is stripped
ok     tls        TLS 1.3, certificate valid until 2099-01-02
ok     http       HTTP/1.1 arrives
ok     host       chat.example arrives
WRONG  websocket  426 Upgrade Required: this is a WebSocket: see the page for people at ./
-      idle       no WebSocket
ok     client     192.0.2.7, from X-Forwarded-For of the proxy 127.0.0.1
ok     scheme     https, as sent
ok     buffering  answers arrive at once
ok     clock      differs by 0s
-      tcp        no address: give one with --tcp HOST:PORT

1. The proxy does not forward the request for a WebSocket.
   Found:   /ws answers 426 Upgrade Required: this is a WebSocket: see the page for people at ./; with "" for Upgrade, "close" for Connection.
   Effect:  The page opens, and never connects.
   Add:     nginx, where the other proxy_set_header lines of partyline are:
       proxy_set_header Upgrade $http_upgrade;
       proxy_set_header Connection "upgrade";

1 of 12 checks found something wrong; 2 checks could not be made.
`
	if got := out.String(); got != want {
		t.Errorf("it prints:\n%s\nnot:\n%s", got, want)
	}
}

// FuzzDiagnose has a server send anything. Every line that is printed is short, and can't control a
// terminal.
func FuzzDiagnose(f *testing.F) {
	f.Add("partyline", "/debug/proxy", "close\x1b[2J", "127.0.0.1:1", "HTTP/1.0\n", 400, "! no")
	f.Add("", "", "", "", "", 308, "")
	f.Add("\u202e", "/ws/debug/proxy", "\u009b31m", "[::1]:1", "", 421, `"chat.example"`)
	f.Add("", strings.Repeat("\x01", maxText), "", "", "", 308, strings.Repeat("\x01", maxText))
	f.Fuzz(func(t *testing.T, host, path, connection, addr, proto string, status int, text string) {
		for _, withReport := range []bool{true, false} {
			o := good()
			o.Page.Status, o.Page.Body = status, text
			o.Page.Header.Set("Server", host)
			o.Page.Header.Set("Location", path)
			o.Health.Status, o.Health.Body = status, text
			o.WebSocket = WebSocket{Answer: Answer{Status: status, Body: text}, Reason: text, Welcome: status == 101}
			o.TCP.Plain.Line, o.TCP.Claimed.Line = text, host
			o.Report = nil
			if withReport {
				o.Report = &web.Report{
					Host: host, Path: path, Connection: connection, Upgrade: text, Peer: addr, Local: addr, Client: addr,
					Source: host, Invalid: text, Proto: proto, ProxyHeader: host, Ping: proto, Scheme: proto, TCP: addr,
					Forwarding: map[string][]string{"X-Forwarded-For": {text}, host: {path}},
				}
			}
			var out bytes.Buffer
			if err := Print(&out, Diagnose(o)); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				line = strings.TrimSuffix(line, "\n")
				if len(line) > maxText+10 || strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && unicode.IsControl(r) || r == '\u202e' }) {
					t.Fatalf("it prints %q", line)
				}
			}
		}
	})
}
