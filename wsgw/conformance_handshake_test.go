package wsgw

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A handshake is one row of the tables below: an opening handshake and the response to it.
type handshake struct {
	name    string   // the section of RFC 6455 and the case
	changes []string // to the usual handshake: see change
	status  int
	header  string // that the response has, "Name: value", or does not have, "Name: "
}

func with(changes ...string) []string { return changes }

// TestConformanceHandshake tests RFC 6455 section 4.2, in one piece and byte by byte. A client
// that is accepted can talk. Members receive nothing about a client that is refused.
func TestConformanceHandshake(t *testing.T) {
	t.Parallel()
	e := newTestServer(t, 4096)
	for _, o := range slices.Concat(accepted(), refused(), origins()) {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			room := e.unique("room")
			bob := e.enter(t, room, "bob")
			for i := range 2 {
				eve := e.dial(t, room, "eve")
				eve.request = eve.change(o.changes)
				pieces := splits(eve.request)[i]
				go func() {
					for _, b := range pieces {
						eve.tcp.Write(b) // the response may come before all is sent
					}
				}()
				eve.expectResponse(o)
				if o.status == http.StatusSwitchingProtocols {
					eve.send(ping("p"), text("hi"), clientClose(1000, ""))
					if said := bob.readUntilLeft(eve); !slices.Equal(said, []string{"hi"}) && o.header != jsonChosen {
						t.Errorf("bob receives %q", said)
					}
				}
				bob.checkTalks()
			}
		})
	}
}

func (c *rawClient) expectResponse(o handshake) {
	c.t.Helper()
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if res.StatusCode != o.status {
		c.t.Fatalf("the response is %s, want %d", res.Status, o.status)
	}
	if name, value, _ := strings.Cut(o.header, ":"); res.Header.Get(name) != strings.TrimSpace(value) {
		c.t.Errorf("the response has %q, want %q", res.Header, o.header)
	}
	if o.status == http.StatusSwitchingProtocols {
		c.checkAccepted(res)
	}
}

// change returns the usual handshake with changes: "GET …" replaces its first line, "-Name"
// removes a header, "Name: value" adds one, and an LF precedes its body. HOST and QUERY stand
// for the host and the query of the usual handshake.
func (c *rawClient) change(changes []string) []byte {
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
	requiresUpgrade = "Upgrade: websocket"
	requires13      = "Sec-WebSocket-Version: 13"
	textChosen      = "Sec-WebSocket-Protocol: partyline.text.v1"
	jsonChosen      = "Sec-WebSocket-Protocol: partyline.json.v1"
	noneChosen      = "Sec-WebSocket-Protocol: "
	noExtension     = "Sec-WebSocket-Extensions: "
)

func accepted() []handshake {
	return []handshake{
		{"4.2.1 the usual handshake", nil, 101, requiresUpgrade},
		{"4.2.1 headers in lower case", with("-Upgrade", "-Connection", "upgrade: websocket", "connection: upgrade"), 101, requiresUpgrade},
		{"4.2.1 an Upgrade in upper case", with("-Upgrade", "Upgrade: WEBSOCKET"), 101, requiresUpgrade},
		{"4.2.1 a choice of Upgrades", with("-Upgrade", "Upgrade: h2c, websocket"), 101, requiresUpgrade},
		{"4.2.1 two headers of Upgrade", with("-Upgrade", "Upgrade: h2c", "Upgrade: websocket"), 101, requiresUpgrade},
		{"4.2.1 a Connection with more", with("-Connection", "Connection: keep-alive, Upgrade"), 101, ""},
		{"4.2.1 a Connection in upper case", with("-Connection", "Connection: UPGRADE"), 101, ""},
		{"4.2.1 two headers of Connection", with("-Connection", "Connection: keep-alive", "Connection: upgrade"), 101, ""},
		{"4.2.1 spaces around values", with("-Sec-WebSocket-Version", "Sec-WebSocket-Version:  \t13\t "), 101, ""},
		{"4.2.1 an absolute address", with("GET http://HOST/?QUERY HTTP/1.1"), 101, ""},
		{"4.2.1 an empty body", with("Content-Length: 0"), 101, ""},
		{"4.2.1 unknown headers", with("Cookie: a=b", "X-Whatever: y", "Sec-WebSocket-Whatever: z"), 101, ""},
		{"4.2.1 another key", with("-Sec-WebSocket-Key", "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA=="), 101, ""},
		{"4.2.2 no subprotocol", nil, 101, noneChosen},
		{"4.2.2 text", with(textChosen), 101, textChosen},
		{"4.2.2 JSON", with(jsonChosen), 101, jsonChosen},
		{"4.2.2 text before JSON", with(textChosen + ", partyline.json.v1"), 101, jsonChosen},
		{"4.2.2 text before JSON, in two headers", with(textChosen, jsonChosen), 101, jsonChosen},
		{"4.2.2 an unknown subprotocol", with("Sec-WebSocket-Protocol: chat"), 101, noneChosen},
		{"4.2.2 unknown subprotocols and text", with("Sec-WebSocket-Protocol: chat, partyline.text.v1, superchat"), 101, textChosen},
		{"4.2.2 text in upper case is unknown", with("Sec-WebSocket-Protocol: PARTYLINE.TEXT.V1"), 101, noneChosen},
		{"4.2.2 an empty subprotocol", with("Sec-WebSocket-Protocol: "), 101, noneChosen},
		{"9.1 compression", with("Sec-WebSocket-Extensions: permessage-deflate"), 101, noExtension},
		{"9.1 compression as browsers offer it", with("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"), 101, noExtension},
		{"9.1 compression with all parameters", with("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; " +
			"client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=10, permessage-deflate"), 101, noExtension},
		{"9.1 old compression", with("Sec-WebSocket-Extensions: x-webkit-deflate-frame"), 101, noExtension},
		{"9.1 other extensions", with("Sec-WebSocket-Extensions: foo, bar; baz=\"2\""), 101, noExtension},
	}
}

func refused() []handshake {
	return []handshake{
		{"4.2.1 HTTP/1.0", with("GET /?QUERY HTTP/1.0"), 400, ""},
		{"4.2.1 HTTP/2.0", with("GET /?QUERY HTTP/2.0"), 505, ""},
		{"4.2.1 HTTP/0.9", with("GET /?QUERY HTTP/0.9"), 505, ""},
		{"4.2.1 no HTTP", with("GET /?QUERY XHTTP/1.1"), 400, ""},
		{"4.2.1 POST", with("POST /?QUERY HTTP/1.1", "Content-Length: 0"), 405, "Allow: GET"},
		{"4.2.1 PUT", with("PUT /?QUERY HTTP/1.1", "Content-Length: 0"), 405, "Allow: GET"},
		{"4.2.1 DELETE", with("DELETE /?QUERY HTTP/1.1"), 405, "Allow: GET"},
		{"4.2.1 OPTIONS", with("OPTIONS /?QUERY HTTP/1.1"), 405, "Allow: GET"},
		{"4.2.1 get", with("get /?QUERY HTTP/1.1"), 405, "Allow: GET"},
		{"4.2.1 no Host", with("-Host"), 400, ""},
		{"4.2.1 two Hosts", with("Host: HOST"), 400, ""},
		{"4.2.1 an invalid Host", with("-Host", "Host: a b"), 400, ""},
		{"4.2.1 no Upgrade", with("-Upgrade"), 426, requiresUpgrade},
		{"4.2.1 an empty Upgrade", with("-Upgrade", "Upgrade: "), 426, requiresUpgrade},
		{"4.2.1 another Upgrade", with("-Upgrade", "Upgrade: h2c"), 426, requiresUpgrade},
		{"4.2.1 an Upgrade with a version", with("-Upgrade", "Upgrade: websocket/13"), 426, requiresUpgrade},
		{"4.2.1 a similar Upgrade", with("-Upgrade", "Upgrade: websockets"), 426, requiresUpgrade},
		{"4.2.1 a header similar to Upgrade", with("-Upgrade", "Upgrade : websocket"), 400, ""},
		{"4.2.1 no Connection", with("-Connection"), 426, requiresUpgrade},
		{"4.2.1 a Connection without upgrade", with("-Connection", "Connection: keep-alive"), 426, requiresUpgrade},
		{"4.2.1 a similar Connection", with("-Connection", "Connection: upgrades"), 426, requiresUpgrade},
		{"4.2.1 neither Upgrade nor Connection", with("-Upgrade", "-Connection"), 426, requiresUpgrade},
		{"4.2.1 a page's request", with("-Upgrade", "-Connection", "-Sec-WebSocket-Key", "-Sec-WebSocket-Version"), 426, requiresUpgrade},

		{"4.2.1 no key", with("-Sec-WebSocket-Key"), 400, ""},
		{"4.2.1 an empty key", key(""), 400, ""},
		{"4.2.1 a key of 15 bytes", key("MTIzNDU2Nzg5MDEyMzQ1"), 400, ""},
		{"4.2.1 a key of 17 bytes", key("MTIzNDU2Nzg5MDEyMzQ1Njc="), 400, ""},
		{"4.2.1 a key without its padding", key("dGhlIHNhbXBsZSBub25jZQ"), 400, ""},
		{"4.2.1 a key in another base64", key("____________________-w=="), 400, ""},
		{"4.2.1 a key that is not base64", key("not base64 not base64 =="), 400, ""},
		{"4.2.1 a key in hex", key("000102030405060708090a0b0c0d0e0f"), 400, ""},
		{"4.2.1 a key twice", with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 400, ""},
		{"4.2.1 two keys", with("Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA=="), 400, ""},
		{"4.2.1 two keys in one header", key("dGhlIHNhbXBsZSBub25jZQ==, AQIDBAUGBwgJCgsMDQ4PEA=="), 400, ""},

		{"4.4 no version", with("-Sec-WebSocket-Version"), 426, requires13},
		{"4.4 an empty version", version(""), 426, requires13},
		{"4.4 version 0", version("0"), 426, requires13},
		{"4.4 version 7", version("7"), 426, requires13},
		{"4.4 version 8", version("8"), 426, requires13},
		{"4.4 version 12", version("12"), 426, requires13},
		{"4.4 version 14", version("14"), 426, requires13},
		{"4.4 version 130", version("130"), 426, requires13},
		{"4.4 version 013", version("013"), 426, requires13},
		{"4.4 a choice of versions", version("13, 8"), 426, requires13},
		{"4.4 a version that is not a number", version("thirteen"), 426, requires13},
		{"4.4 a version twice", with("Sec-WebSocket-Version: 13"), 426, requires13},
		{"4.4 two versions", with("Sec-WebSocket-Version: 8"), 426, requires13},
		{"4.4 another version requires an upgrade too", version("8"), 426, requiresUpgrade},

		{"4.2.1 a body", with("Content-Length: 8", "\n"+string(text("hi"))), 400, ""},
		{"4.2.1 a body in chunks", with("Transfer-Encoding: chunked", "\n8\r\n"+string(text("hi"))+"\r\n0\r\n\r\n"), 400, ""},
		{"4.2.1 an empty body in chunks", with("Transfer-Encoding: chunked", "\n0\r\n\r\n"), 400, ""},
		{"4.2.1 a frame instead", with("\x81\x85 HTTP/1.1"), 400, ""},
	}
}

func origins() []handshake {
	return []handshake{
		{"10.2 this origin", with("Origin: http://HOST"), 101, ""},
		{"10.2 this origin in upper case", with("Origin: HTTP://HOST"), 101, ""},
		{"10.2 this origin after TLS", with("Origin: https://HOST"), 101, ""},
		{"10.2 another host", with("Origin: http://other.example"), 403, ""},
		{"10.2 another port", with("Origin: http://127.0.0.1"), 403, ""},
		{"10.2 another name of this host", with("-Host", "Host: localhost", "Origin: http://HOST"), 403, ""},
		{"10.2 this host as a part", with("Origin: http://HOST.other.example"), 403, ""},
		{"10.2 this host as a path", with("Origin: http://other.example/HOST"), 403, ""},
		{"10.2 this host as a user", with("Origin: http://HOST@other.example"), 403, ""},
		{"10.2 a path", with("Origin: http://HOST/"), 403, ""},
		{"10.2 no scheme", with("Origin: HOST"), 403, ""},
		{"10.2 the scheme ws", with("Origin: ws://HOST"), 403, ""},
		{"10.2 the scheme wss", with("Origin: wss://HOST"), 403, ""},
		{"10.2 the scheme ftp", with("Origin: ftp://HOST"), 403, ""},
		{"10.2 a browser's extension", with("Origin: chrome-extension://HOST"), 403, ""},
		{"10.2 a file", with("Origin: file://"), 403, ""},
		{"10.2 null", with("Origin: null"), 403, ""},
		{"10.2 an empty origin", with("Origin: "), 403, ""},
		{"10.2 this origin twice", with("Origin: http://HOST", "Origin: http://HOST"), 403, ""},
		{"10.2 this origin and another", with("Origin: http://HOST", "Origin: http://other.example"), 403, ""},
		{"10.2 two origins in one header", with("Origin: http://HOST http://other.example"), 403, ""},
	}
}

func key(value string) []string { return with("-Sec-WebSocket-Key", "Sec-WebSocket-Key: "+value) }

func version(value string) []string {
	return with("-Sec-WebSocket-Version", "Sec-WebSocket-Version: "+value)
}
