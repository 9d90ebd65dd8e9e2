package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"partyline/web"
)

// good returns what is observed at https://chat.example/party/, behind an nginx that does everything
// right.
func good() *Observation {
	now := time.Now()
	header := http.Header{
		"Server": {"nginx/1.22.1"}, "Referrer-Policy": {"no-referrer"}, "Content-Security-Policy": {"default-src 'none'; script-src 'self'"},
	}
	certificate := &tls.ConnectionState{Version: tls.VersionTLS13, PeerCertificates: []*x509.Certificate{{NotAfter: now.Add(60 * 24 * time.Hour)}}}
	answer := func(status int, body string) Answer {
		return Answer{Status: status, Header: header.Clone(), Body: body, TLS: certificate, Sent: now, Took: 10 * time.Millisecond}
	}
	return &Observation{
		Site: &Site{Secure: true, Host: "chat.example", Base: "/party"}, Idle: 30 * time.Second,
		Page: answer(200, "<!doctype html>"), Health: answer(200, "ok"),
		ReportPath: "/ws/debug/proxy", ReportAnswer: answer(200, ""), Pause: web.ReportPause,
		Report: &web.Report{
			Method: "GET", Path: "/ws/debug/proxy", Proto: "HTTP/1.1", Host: "chat.example", Origin: "https://chat.example",
			Upgrade: "websocket", Connection: "upgrade", Forwarding: map[string][]string{"X-Forwarded-For": {"192.0.2.7"}, "X-Forwarded-Proto": {"https"}},
			Peer: "127.0.0.1:1000", Local: "127.0.0.1:8081", Proxy: true, ProxyHeader: "X-Forwarded-For",
			Client: "192.0.2.7:0", Source: "X-Forwarded-For", Scheme: "https", Ping: "25s", TCP: "127.0.0.1:4000", Time: now,
		},
		WebSocket: WebSocket{Answer: answer(101, ""), Welcome: true, Ping: 25 * time.Second},
		TCP: TCP{
			Address: "chat.example:4000", Plain: Hello{Line: `{"type":"welcome","room":"lobby"}`},
			Claimed: Hello{Line: "! this is a chat line, and what came looks like a PROXY header: name the proxy with --proxy."},
		},
	}
}

// TestDiagnose changes one thing at a time, and compares the checks that are Wrong or a Note, with their
// lines for nginx and for partyline.
func TestDiagnose(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*Observation)
		want string // the checks with their lines
	}{
		"all is well": {func(*Observation) {}, ""},
		"no answer": {
			func(o *Observation) { o.Page = Answer{Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}} },
			"page",
		},
		"redirect": {
			func(o *Observation) { o.Page.Status = 301; o.Page.Header.Set("Location", "https://www.chat.example/") },
			"page: partyline doctor https://www.chat.example/",
		},
		"redirect to itself": {
			func(o *Observation) {
				o.Page.Status = 308
				o.Page.Header.Set("Location", "https://CHAT.example:443/party/")
			},
			"tls: proxy_pass https://127.0.0.1:8081; --proxy 127.0.0.1",
		},
		"another server": {
			func(o *Observation) { o.Page.Header = http.Header{} },
			"page",
		},
		"unhealthy": {
			func(o *Observation) { o.Health.Status, o.Health.Body = 503, "the hub does not answer" },
			"page",
		},
		"server down": {
			func(o *Observation) {
				bad := Answer{Status: 502, Header: http.Header{"Server": {"nginx"}}, Body: "<html>"}
				o.Page, o.Health, o.ReportAnswer, o.WebSocket, o.Report = bad, bad, bad, WebSocket{Answer: bad}, nil
			},
			"page: proxy_pass http://127.0.0.1:8080;",
		},
		"prefix": {
			func(o *Observation) {
				o.Report.Path, o.Page.Status, o.WebSocket = "/party/ws/debug/proxy", 404, WebSocket{Answer: Answer{Status: 404}}
			},
			"path: proxy_pass http://127.0.0.1:8081/;",
		},
		"prefix, no report": {
			func(o *Observation) {
				o.Report, o.Page.Status, o.WebSocket = nil, 404, WebSocket{Answer: Answer{Status: 404}}
			},
			"path: proxy_pass http://127.0.0.1:8080/;",
		},
		"path added": {
			func(o *Observation) { o.Report.Path = "/chat/ws/debug/proxy" },
			"path: proxy_pass http://127.0.0.1:8081/;",
		},
		"old certificate": {
			func(o *Observation) { o.Page.TLS.PeerCertificates[0].NotAfter = time.Now().Add(time.Hour) },
			"tls",
		},
		"HTTP/1.0": {
			func(o *Observation) {
				o.Report.Proto = "HTTP/1.0"
				o.WebSocket = WebSocket{Answer: Answer{Status: 400, Body: "a WebSocket needs HTTP/1.1\n"}}
			},
			"http: proxy_http_version 1.1;",
		},
		"HTTP/1.0, no report": {
			func(o *Observation) {
				o.Report, o.WebSocket = nil, WebSocket{Answer: Answer{Status: 400, Body: "a WebSocket needs HTTP/1.1\n"}}
			},
			"http: proxy_http_version 1.1;",
		},
		"HTTP/1.0 except for the WebSocket": {func(o *Observation) { o.Report.Proto = "HTTP/1.0" }, ""},
		"HTTP/1.0 without an upgrade": {
			func(o *Observation) {
				o.Report.Proto, o.Report.Upgrade = "HTTP/1.0", ""
				o.WebSocket = WebSocket{Answer: Answer{Status: 400, Body: "a WebSocket needs HTTP/1.1\n"}}
			},
			`http: proxy_http_version 1.1; websocket: proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";`,
		},
		"upgrade": {
			func(o *Observation) { o.Report.Upgrade, o.WebSocket = "", WebSocket{Answer: Answer{Status: 426}} },
			`websocket: proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";`,
		},
		"upgrade, no report": {
			func(o *Observation) { o.Report, o.WebSocket = nil, WebSocket{Answer: Answer{Status: 426}} },
			`websocket: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";`,
		},
		"no welcome": {
			func(o *Observation) { o.WebSocket.Welcome = false },
			`websocket: proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";`,
		},
		"turned away": {
			func(o *Observation) { o.WebSocket = WebSocket{Answer: Answer{Status: 429}} },
			"websocket: --max-per-address N",
		},
		"no WebSocket": {
			func(o *Observation) { o.WebSocket = WebSocket{Answer: Answer{Err: errors.New("reset")}} },
			`websocket: proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";`,
		},
		"host": {
			func(o *Observation) {
				o.Report.Host, o.WebSocket = "partyline", WebSocket{Answer: Answer{Status: 403, Body: "pages of this origin may not come in"}}
			},
			"host: proxy_set_header Host $http_host;",
		},
		"host, no report": {
			func(o *Observation) {
				o.Report, o.WebSocket = nil, WebSocket{Answer: Answer{Status: 403, Body: "pages of this origin may not come in"}}
			},
			"host: proxy_set_header Host $http_host;",
		},
		"host, by --origin":  {func(o *Observation) { o.Report.Host = "partyline" }, ""},
		"host with its port": {func(o *Observation) { o.Report.Host = "Chat.example:443" }, ""},
		"host unknown": {
			func(o *Observation) {
				o.Page.Status, o.Page.Body = 421, `this server does not answer to the host "partyline": give it with`
				o.Report, o.WebSocket, o.ReportAnswer = nil, WebSocket{Answer: o.Page}, o.Page
			},
			"host: proxy_set_header Host $http_host;",
		},
		"own host unknown": {
			func(o *Observation) {
				o.Page.Status, o.Page.Body = 421, `this server does not answer to the host "chat.example": give it with`
				o.Report, o.WebSocket, o.ReportAnswer = nil, WebSocket{Answer: o.Page}, o.Page
			},
			"host: --host chat.example --proxy 127.0.0.1",
		},
		"idle": {
			func(o *Observation) { o.WebSocket.Ping, o.WebSocket.Ended = 0, 5*time.Second },
			"idle: proxy_read_timeout 90s;",
		},
		"no ping": {
			func(o *Observation) { o.WebSocket.Ping = 0 },
			"idle: proxy_buffering off;",
		},
		"no time for a ping":             {func(o *Observation) { o.WebSocket.Ping, o.Idle = 0, 25*time.Second }, ""},
		"no time for a ping, no report":  {func(o *Observation) { o.WebSocket.Ping, o.Idle, o.Report = 0, 0, nil }, ""},
		"the server ends":                {func(o *Observation) { o.WebSocket = WebSocket{o.WebSocket.Answer, true, 0, 1, "draining"} }, ""},
		"nothing known":                  {func(o *Observation) { o.Report, o.ReportAnswer.Status = nil, 403 }, ""},
		"believed without a report path": {func(o *Observation) { o.Report.Path, o.ReportPath = "/debug/proxy", "/debug/proxy" }, ""},
		"untrusted hop": {
			func(o *Observation) { o.Report.Proxy, o.Report.Source, o.Report.Scheme = false, "connection", "http" },
			"client: --proxy 127.0.0.1",
		},
		"untrusted hop on a unix socket": {
			func(o *Observation) { o.Report.Proxy, o.Report.Source, o.Report.Peer = false, "connection", "" },
			"client: --proxy unix",
		},
		"untrusted hop, another header": {
			func(o *Observation) {
				o.Report.Proxy, o.Report.Source, o.Report.ProxyHeader = false, "connection", "X-Real-IP"
			},
			"client: proxy_set_header X-Real-IP $remote_addr; --proxy 127.0.0.1",
		},
		"no client": {
			func(o *Observation) { o.Report.Source = "connection"; delete(o.Report.Forwarding, "X-Forwarded-For") },
			"client: proxy_set_header X-Forwarded-For $remote_addr;",
		},
		"malformed client": {
			func(o *Observation) { o.Report.Invalid = "unknown" },
			"client: proxy_set_header X-Forwarded-For $remote_addr;",
		},
		"no proxy": {
			func(o *Observation) {
				o.Page.Header.Del("Server")
				o.Report.Proxy, o.Report.Source, o.Report.Forwarding = false, "connection", nil
			},
			"",
		},
		"on the machine of a proxy": {
			func(o *Observation) {
				o.Page.Header.Del("Server")
				o.Report.Source, o.Report.Forwarding = "connection", nil
			},
			"",
		},
		"scheme": {
			func(o *Observation) { o.Report.Scheme = "http" },
			"scheme: proxy_set_header X-Forwarded-Proto $scheme;",
		},
		"wrong scheme": {
			func(o *Observation) {
				o.Site.Secure, o.Page.TLS = false, nil
				o.WebSocket = WebSocket{Answer: Answer{Status: 403, Body: "pages of this origin may not come in"}}
			},
			"scheme: proxy_set_header X-Forwarded-Proto $scheme;",
		},
		"buffering": {
			func(o *Observation) { o.Pause = time.Millisecond },
			"buffering: proxy_buffering off;",
		},
		"cut off": {func(o *Observation) { o.Pause, o.ReportAnswer.Err = 0, errors.New("EOF") }, ""},
		"clock": {
			func(o *Observation) { o.Report.Time = o.Report.Time.Add(-time.Minute) },
			"clock: timedatectl set-ntp true",
		},
		"no TCP":             {func(o *Observation) { o.TCP = TCP{} }, ""},
		"TCP not found":      {func(o *Observation) { o.TCP.Plain = Hello{DialErr: errors.New("refused")} }, ""},
		"TCP refused":        {func(o *Observation) { o.TCP.Given, o.TCP.Plain = true, Hello{DialErr: errors.New("refused")} }, "tcp"},
		"TCP dead":           {func(o *Observation) { o.TCP.Plain, o.TCP.Claimed = Hello{Err: errors.New("EOF")}, Hello{} }, "tcp"},
		"TCP full":           {func(o *Observation) { o.TCP.Plain.Line = "! the server is full" }, "tcp"},
		"PROXY from anybody": {func(o *Observation) { o.TCP.Claimed = o.TCP.Plain }, "tcp"},
		"PROXY from the client": {
			func(o *Observation) { o.TCP.Claimed, o.TCP.Plain = o.TCP.Plain, Hello{Err: errors.New("reset")} },
			"tcp: proxy_protocol on;",
		},
		"PROXY, directly": {
			func(o *Observation) {
				o.TCP.Direct, o.TCP.Claimed, o.TCP.Plain = true, o.TCP.Plain, Hello{Err: errors.New("reset")}
			},
			"",
		},
		"PROXY not believed": {func(o *Observation) { o.TCP.Plain = o.TCP.Claimed }, "tcp: --proxy 127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			o := good()
			c.edit(o)
			var got []string
			all := Diagnose(o)
			for _, f := range all {
				if f.State != Wrong && f.State != Note {
					continue
				}
				line := f.Check
				var lines []string
				for _, a := range f.Advice {
					lines = append(lines, a.Lines...)
				}
				if len(lines) > 0 {
					line += ": " + strings.Join(lines, " ")
				}
				got = append(got, line)
				if f.Problem == "" || f.Found == "" || f.Effect == "" {
					t.Errorf("it does not say enough: %+v", f)
				}
			}
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("it finds %q, not %q", got, c.want)
			}
			if HasWrong(all) != slices.ContainsFunc(all, func(f Finding) bool { return f.State == Wrong }) {
				t.Error("HasWrong is wrong")
			}
		})
	}
}

// TestUnknownProxy gives the lines of each proxy if the answer does not say which one it is, and else only
// those of that one.
func TestUnknownProxy(t *testing.T) {
	for server, want := range map[string]string{
		"":           "proxy_read_timeout 90s; transport http {     read_timeout 90s } timeout tunnel 90s",
		"cloudflare": "proxy_read_timeout 90s; transport http {     read_timeout 90s } timeout tunnel 90s",
		"Caddy":      "transport http {     read_timeout 90s }",
		"nginx":      "proxy_read_timeout 90s;",
	} {
		o := good()
		o.Page.Header.Set("Server", server)
		o.WebSocket.Ping, o.WebSocket.Ended = 0, time.Second
		var lines []string
		for _, f := range Diagnose(o) {
			for _, a := range f.Advice {
				if f.Check == "idle" {
					lines = append(lines, a.Lines...)
				}
			}
		}
		if got := strings.Join(lines, " "); got != want {
			t.Errorf("%q: the lines are %q, not %q", server, got, want)
		}
	}
}

// TestParseSite parses addresses of pages as people give them.
func TestParseSite(t *testing.T) {
	for text, want := range map[string]string{
		"https://chat.example":           "https://chat.example/",
		"https://Chat.Example:443/":      "https://chat.example/",
		"http://chat.example:80/party":   "http://chat.example/party/",
		"http://chat.example:8000/a/b//": "http://chat.example:8000/a/b/",
		"wss://chat.example/party/ws":    "https://chat.example/party/",
		"ws://[::1]:8080/ws":             "http://[::1]:8080/",
		"chat.example":                   "https://chat.example/",
		"chat.example/party?room=a#b":    "https://chat.example/party/",
	} {
		s, err := ParseSite(text)
		if err != nil || s.URL("/") != want {
			t.Errorf("%s is %+v, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "ftp://chat.example", "https://", "https:///party", "tcp://chat.example:4000", "http://a b/", ":4000"} {
		if s, err := ParseSite(text); err == nil {
			t.Errorf("%q is %+v", text, s)
		}
	}
}
