package wsgw

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// An opening is one row of the tables below: an opening handshake, and the answer to it.
type opening struct {
	name    string   // the section of RFC 6455, and what is tried
	changes []string // in the handshake that everybody is let in with: see change
	status  int
	header  string // one that the answer has to have, "Name: value", or not to have, "Name: "
}

func but(changes ...string) []string { return changes }

// TestConformanceHandshake tries RFC 6455 section 4.2, in one piece and byte by byte. Who is
// let in can talk; of whoever is not, nobody hears.
func TestConformanceHandshake(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, 4096)
	for _, o := range slices.Concat(accepted(), refused(), origins()) {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			room := e.unique("room")
			bob := e.enter(t, room, "bob")
			for i := range 2 {
				eve := e.dial(t, room, "eve")
				eve.request = eve.change(o.changes)
				pieces := partings(eve.request)[i]
				go func() {
					for _, b := range pieces {
						eve.tcp.Write(b) // an answer may come before all is sent
					}
				}()
				eve.expectAnswer(o)
				if o.status == http.StatusSwitchingProtocols {
					eve.send(ping("p"), text("hi"), bye(1000, ""))
					if heard := bob.hearOut(eve); !slices.Equal(heard, []string{"hi"}) && o.header != jsonChosen {
						t.Errorf("bob hears %q", heard)
					}
				}
				bob.talk()
			}
		})
	}
}

func (c *caller) expectAnswer(o opening) {
	c.t.Helper()
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if res.StatusCode != o.status {
		c.t.Fatalf("the answer is %s, want %d", res.Status, o.status)
	}
	if name, value, _ := strings.Cut(o.header, ":"); res.Header.Get(name) != strings.TrimSpace(value) {
		c.t.Errorf("the answer has %q, want %q", res.Header, o.header)
	}
	if o.status == http.StatusSwitchingProtocols {
		c.checkAccepted(res)
	}
}

// change makes another handshake of the usual one: "GET …" is its first line, "-Name" takes
// a header away, "Name: value" adds one, and what begins with an LF is its body. HOST and
// QUERY stand for what is right.
func (c *caller) change(changes []string) []byte {
	lines := strings.Split(strings.TrimSuffix(string(c.request), "\r\n\r\n"), "\r\n")
	body := ""
	for _, change := range changes {
		change = strings.ReplaceAll(change, "HOST", c.host)
		if name, ok := strings.CutPrefix(change, "-"); ok {
			lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, name+":") })
		} else if strings.Contains(change, " HTTP/") {
			_, query, _ := strings.Cut(strings.Fields(lines[0])[1], "?")
			lines[0] = strings.ReplaceAll(change, "QUERY", query)
		} else if strings.HasPrefix(change, "\n") {
			body = change[1:]
		} else {
			lines = append(lines, change)
		}
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n\r\n" + body)
}

const (
	demanded   = "Upgrade: websocket"
	demanded13 = "Sec-WebSocket-Version: 13"
	textChosen = "Sec-WebSocket-Protocol: partyline.text.v1"
	jsonChosen = "Sec-WebSocket-Protocol: partyline.json.v1"
	noneChosen = "Sec-WebSocket-Protocol: "
	noneAgreed = "Sec-WebSocket-Extensions: "
)

func accepted() []opening {
	return []opening{
		{"4.2.1 the usual handshake", nil, 101, demanded},
		{"4.2.1 headers in lower case", but("-Upgrade", "-Connection", "upgrade: websocket", "connection: upgrade"), 101, demanded},
		{"4.2.1 an Upgrade in upper case", but("-Upgrade", "Upgrade: WEBSOCKET"), 101, demanded},
		{"4.2.1 a choice of Upgrades", but("-Upgrade", "Upgrade: h2c, websocket"), 101, demanded},
		{"4.2.1 two headers of Upgrade", but("-Upgrade", "Upgrade: h2c", "Upgrade: websocket"), 101, demanded},
		{"4.2.1 a Connection with more", but("-Connection", "Connection: keep-alive, Upgrade"), 101, ""},
		{"4.2.1 a Connection in upper case", but("-Connection", "Connection: UPGRADE"), 101, ""},
		{"4.2.1 two headers of Connection", but("-Connection", "Connection: keep-alive", "Connection: upgrade"), 101, ""},
		{"4.2.1 spaces around values", but("-Sec-WebSocket-Version", "Sec-WebSocket-Version:  \t13\t "), 101, ""},
		{"4.2.1 an absolute address", but("GET http://HOST/?QUERY HTTP/1.1"), 101, ""},
		{"4.2.1 an empty body", but("Content-Length: 0"), 101, ""},
		{"4.2.1 headers that it does not know", but("Cookie: a=b", "X-Whatever: y", "Sec-WebSocket-Whatever: z"), 101, ""},
		{"4.2.1 another key", but("-Sec-WebSocket-Key", "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA=="), 101, ""},
		{"4.2.2 no subprotocol", nil, 101, noneChosen},
		{"4.2.2 text", but(textChosen), 101, textChosen},
		{"4.2.2 JSON", but(jsonChosen), 101, jsonChosen},
		{"4.2.2 text before JSON", but(textChosen + ", partyline.json.v1"), 101, jsonChosen},
		{"4.2.2 text before JSON, in two headers", but(textChosen, jsonChosen), 101, jsonChosen},
		{"4.2.2 a stranger", but("Sec-WebSocket-Protocol: chat"), 101, noneChosen},
		{"4.2.2 strangers and text", but("Sec-WebSocket-Protocol: chat, partyline.text.v1, superchat"), 101, textChosen},
		{"4.2.2 text in upper case is a stranger", but("Sec-WebSocket-Protocol: PARTYLINE.TEXT.V1"), 101, noneChosen},
		{"4.2.2 an empty subprotocol", but("Sec-WebSocket-Protocol: "), 101, noneChosen},
		{"9.1 compression", but("Sec-WebSocket-Extensions: permessage-deflate"), 101, noneAgreed},
		{"9.1 compression as browsers offer it", but("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"), 101, noneAgreed},
		{"9.1 compression with all there is", but("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; " +
			"client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=10, permessage-deflate"), 101, noneAgreed},
		{"9.1 old compression", but("Sec-WebSocket-Extensions: x-webkit-deflate-frame"), 101, noneAgreed},
		{"9.1 other extensions", but("Sec-WebSocket-Extensions: foo, bar; baz=\"2\""), 101, noneAgreed},
	}
}

func refused() []opening {
	return []opening{
		{"4.2.1 HTTP/1.0", but("GET /?QUERY HTTP/1.0"), 400, ""},
		{"4.2.1 HTTP/2.0", but("GET /?QUERY HTTP/2.0"), 505, ""},
		{"4.2.1 HTTP/0.9", but("GET /?QUERY HTTP/0.9"), 505, ""},
		{"4.2.1 no HTTP", but("GET /?QUERY XHTTP/1.1"), 400, ""},
		{"4.2.1 POST", but("POST /?QUERY HTTP/1.1", "Content-Length: 0"), 405, "Allow: GET"},
		{"4.2.1 PUT", but("PUT /?QUERY HTTP/1.1", "Content-Length: 0"), 405, "Allow: GET"},
		{"4.2.1 DELETE", but("DELETE /?QUERY HTTP/1.1"), 405, "Allow: GET"},
		{"4.2.1 OPTIONS", but("OPTIONS /?QUERY HTTP/1.1"), 405, "Allow: GET"},
		{"4.2.1 get", but("get /?QUERY HTTP/1.1"), 405, "Allow: GET"},
		{"4.2.1 no Host", but("-Host"), 400, ""},
		{"4.2.1 two Hosts", but("Host: HOST"), 400, ""},
		{"4.2.1 a Host that is none", but("-Host", "Host: a b"), 400, ""},
		{"4.2.1 no Upgrade", but("-Upgrade"), 426, demanded},
		{"4.2.1 an empty Upgrade", but("-Upgrade", "Upgrade: "), 426, demanded},
		{"4.2.1 another Upgrade", but("-Upgrade", "Upgrade: h2c"), 426, demanded},
		{"4.2.1 an Upgrade with a version", but("-Upgrade", "Upgrade: websocket/13"), 426, demanded},
		{"4.2.1 an Upgrade that is nearly it", but("-Upgrade", "Upgrade: websockets"), 426, demanded},
		{"4.2.1 a header that is nearly Upgrade", but("-Upgrade", "Upgrade : websocket"), 400, ""},
		{"4.2.1 no Connection", but("-Connection"), 426, demanded},
		{"4.2.1 a Connection without upgrade", but("-Connection", "Connection: keep-alive"), 426, demanded},
		{"4.2.1 a Connection that is nearly it", but("-Connection", "Connection: upgrades"), 426, demanded},
		{"4.2.1 neither Upgrade nor Connection", but("-Upgrade", "-Connection"), 426, demanded},
		{"4.2.1 a page's request", but("-Upgrade", "-Connection", "-Sec-WebSocket-Key", "-Sec-WebSocket-Version"), 426, demanded},

		{"4.2.1 no key", but("-Sec-WebSocket-Key"), 400, ""},
		{"4.2.1 an empty key", key(""), 400, ""},
		{"4.2.1 a key of 15 bytes", key("MTIzNDU2Nzg5MDEyMzQ1"), 400, ""},
		{"4.2.1 a key of 17 bytes", key("MTIzNDU2Nzg5MDEyMzQ1Njc="), 400, ""},
		{"4.2.1 a key without its padding", key("dGhlIHNhbXBsZSBub25jZQ"), 400, ""},
		{"4.2.1 a key in another base64", key("____________________-w=="), 400, ""},
		{"4.2.1 a key that is no base64", key("not base64 not base64 =="), 400, ""},
		{"4.2.1 a key in hex", key("000102030405060708090a0b0c0d0e0f"), 400, ""},
		{"4.2.1 a key twice", but("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 400, ""},
		{"4.2.1 two keys", but("Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA=="), 400, ""},
		{"4.2.1 two keys in one header", key("dGhlIHNhbXBsZSBub25jZQ==, AQIDBAUGBwgJCgsMDQ4PEA=="), 400, ""},

		{"4.4 no version", but("-Sec-WebSocket-Version"), 426, demanded13},
		{"4.4 an empty version", version(""), 426, demanded13},
		{"4.4 version 0", version("0"), 426, demanded13},
		{"4.4 version 7", version("7"), 426, demanded13},
		{"4.4 version 8", version("8"), 426, demanded13},
		{"4.4 version 12", version("12"), 426, demanded13},
		{"4.4 version 14", version("14"), 426, demanded13},
		{"4.4 version 130", version("130"), 426, demanded13},
		{"4.4 version 013", version("013"), 426, demanded13},
		{"4.4 a choice of versions", version("13, 8"), 426, demanded13},
		{"4.4 a version that is no number", version("thirteen"), 426, demanded13},
		{"4.4 a version twice", but("Sec-WebSocket-Version: 13"), 426, demanded13},
		{"4.4 two versions", but("Sec-WebSocket-Version: 8"), 426, demanded13},
		{"4.4 another version demands an upgrade too", version("8"), 426, demanded},

		{"4.2.1 a body", but("Content-Length: 8", "\n"+string(text("hi"))), 400, ""},
		{"4.2.1 a body in chunks", but("Transfer-Encoding: chunked", "\n8\r\n"+string(text("hi"))+"\r\n0\r\n\r\n"), 400, ""},
		{"4.2.1 an empty body in chunks", but("Transfer-Encoding: chunked", "\n0\r\n\r\n"), 400, ""},
		{"4.2.1 a frame instead", but("\x81\x85 HTTP/1.1"), 400, ""},
	}
}

func origins() []opening {
	return []opening{
		{"10.2 this origin", but("Origin: http://HOST"), 101, ""},
		{"10.2 this origin in upper case", but("Origin: HTTP://HOST"), 101, ""},
		{"10.2 this origin behind TLS", but("Origin: https://HOST"), 101, ""},
		{"10.2 another host", but("Origin: http://other.example"), 403, ""},
		{"10.2 another port", but("Origin: http://127.0.0.1"), 403, ""},
		{"10.2 another name of this host", but("-Host", "Host: localhost", "Origin: http://HOST"), 403, ""},
		{"10.2 this host as a part", but("Origin: http://HOST.other.example"), 403, ""},
		{"10.2 this host as a path", but("Origin: http://other.example/HOST"), 403, ""},
		{"10.2 this host as a user", but("Origin: http://HOST@other.example"), 403, ""},
		{"10.2 a path", but("Origin: http://HOST/"), 403, ""},
		{"10.2 no scheme", but("Origin: HOST"), 403, ""},
		{"10.2 the scheme ws", but("Origin: ws://HOST"), 403, ""},
		{"10.2 the scheme wss", but("Origin: wss://HOST"), 403, ""},
		{"10.2 the scheme ftp", but("Origin: ftp://HOST"), 403, ""},
		{"10.2 a browser's extension", but("Origin: chrome-extension://HOST"), 403, ""},
		{"10.2 a file", but("Origin: file://"), 403, ""},
		{"10.2 null", but("Origin: null"), 403, ""},
		{"10.2 an empty origin", but("Origin: "), 403, ""},
		{"10.2 this origin twice", but("Origin: http://HOST", "Origin: http://HOST"), 403, ""},
		{"10.2 this origin and another", but("Origin: http://HOST", "Origin: http://other.example"), 403, ""},
		{"10.2 two origins in one header", but("Origin: http://HOST http://other.example"), 403, ""},
	}
}

func key(value string) []string { return but("-Sec-WebSocket-Key", "Sec-WebSocket-Key: "+value) }

func version(value string) []string {
	return but("-Sec-WebSocket-Version", "Sec-WebSocket-Version: "+value)
}
