package tcpgw

import (
	"errors"
	"strings"
	"testing"

	"partyline/hub"
)

// openingLimit is the line limit of openingTests, in bytes.
const openingLimit = 256

// openingTests maps the start of a stream to the name of its protocol; "" for text.
var openingTests = map[string]string{
	// TLS and other streams whose first bytes are not text.
	"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03":    "TLS",
	"\x16\x03\x03\x00\x0abuy my coins\n":              "TLS",
	"\n\x16\x03\x01\x02\x00\x01":                      "TLS",
	"\x16\x04\x01":                                    "binary data",
	"\x16\n":                                          "binary data",
	"\x80\x9e\x01\x03\x01\x00u":                       "binary data", // SSL 2.0
	"\x03\x00\x00\x13\x0e\xe0\x00\x00":                "binary data", // RDP
	"\x05\x01\x00":                                    "binary data", // SOCKS
	"\x10\x10\x00\x04MQTT":                            "binary data",
	"\x00\x00\x00\x08\x04\xd2\x16\x2f":                "binary data", // PostgreSQL
	"\x00\x00\x00\xa4\xff\x53\x4d\x42\x72":            "binary data", // SMB
	"0\x0c\x02\x01\x01\x60\x07":                       "binary data", // LDAP
	"l\x00\x0b\x00\x00\x00\x00\x00":                   "binary data", // X11
	"\xff\xfeS\x00e\x00r\x00":                         "UTF-16",
	"\xfe\xff\x00S\x00e\x00r":                         "UTF-16",
	"\xff\xfe\x01hello\n":                             "", // telnet's DONT ECHO
	"AMQP\x00\x00\x09\x01":                            "binary data",
	"JRMI\x00\x02K":                                   "binary data",
	"\x7fELF\x02\x01\x01\x00":                         "binary data",
	"\x1f\x8b\x08\x00\x00\x00\x00\x00":                "binary data", // gzip
	"\x04":                                            "binary data",
	"S\x00e\x00r\x00v\x00i\x00c\x00e\x00":             "UTF-16",
	"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n":      "SSH",
	"SSH-1.99-":                                       "SSH",
	"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c":          "a PROXY header",
	"PROXY TCP4 203.0.113.7 192.0.2.99 1234 4000\r\n": "a PROXY header",
	"PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\nhi":    "a PROXY header",
	"PROXY UNKNOWN\r\n":                               "a PROXY header",

	"GET / HTTP/1.1\r\nHost: x\r\n\r\n":                               "HTTP",
	"\r\nPOST / HTTP/1.1\r\n\r\nbuy my coins":                         "HTTP",
	" \t\r\n\n\nHEAD / HTTP/1.0\n\n":                                  "HTTP",
	"\uFEFFGET / HTTP/1.1\r\n":                                        "HTTP",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":                                "HTTP",
	"M-SEARCH * HTTP/1.1\r\n":                                         "HTTP",
	"CONNECT a.example:443 HTTP/1\n":                                  "HTTP",
	"OPTIONS http://a/b?c HTTP/1.1\n":                                 "HTTP",
	"patch / HTTP/1.1\r\nHost: x\r\n\r\n":                             "HTTP", // as browsers send it if a page writes it so
	"x_1.!#$%&'*+^`|~ /?q HTTP/1.0\r\n":                               "HTTP",
	"GET / HTTP/1.0":                                                  "HTTP", // at the end of the input
	"POST /" + strings.Repeat("a", 300) + "\n":                        "HTTP", // over the limit
	"GET http://x/" + strings.Repeat("a", 300):                        "HTTP",
	"patch /" + strings.Repeat("a", 300):                              "HTTP",
	"patch /" + strings.Repeat("a", openingLimit-8) + " HTTP/1.1\r\n": "HTTP",
	"OPTIONS / RTSP/1.0\r\n":                                          "RTSP or SIP",
	"OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0\r":                        "RTSP or SIP",
	"GET_PARAMETER rtsp://x/ RTSP/1.0\r\n":                            "RTSP or SIP",

	"CAP LS 302\r\nNICK bob\r\n":                    "IRC",
	"CAP LS\n":                                      "IRC",
	"CAP END\r\n":                                   "IRC",
	"CAP REQ :sasl message-tags\r\n":                "IRC",
	"NICK bob\r\nUSER bob 0 * :Bob\r\n":             "IRC",
	"NICK bob\n":                                    "IRC",
	"USER bob 0 * :Bob B. Bobson\r\n":               "IRC",
	"USER bob 8 * Bob\n":                            "IRC",
	"USER guest tolmoon tolsun :Ronnie\n":           "IRC",
	"PASS hunter2\r\nNICK bob\r\n":                  "a login to IRC, FTP, POP3 or Redis",
	"PASS hunter2\n":                                "a login to IRC, FTP, POP3 or Redis",
	"PASS bob/libera:hunter2\r\n":                   "a login to IRC, FTP, POP3 or Redis",
	"PASS :correct horse battery staple\n":          "a login to IRC, FTP, POP3 or Redis",
	"USER anonymous\r\nPASS me@example.org\r\n":     "a login to IRC, FTP, POP3 or Redis",
	"AUTH TLS\r\n":                                  "a login to IRC, FTP, POP3 or Redis",
	"AUTH hunter2\n":                                "a login to IRC, FTP, POP3 or Redis",
	"AUTH bob hunter2\r\n":                          "a login to IRC, FTP, POP3 or Redis",
	"AUTH PLAIN AGJvYgBodW50ZXIy\r\n":               "a login to IRC, FTP, POP3 or Redis",
	"FEAT\r\n":                                      "a login to IRC, FTP, POP3 or Redis",
	"CAPA\r\n":                                      "a login to IRC, FTP, POP3 or Redis",
	"APOP bob c4c9334bac560ecc979e58001b3e22fb\r\n": "a login to IRC, FTP, POP3 or Redis",
	"EHLO\r\n":                                      "SMTP",
	"EHLO mail.example.org\r\n":                     "SMTP",
	"ehlo [127.0.0.1]\n":                            "SMTP",
	"LHLO localhost\r\n":                            "SMTP",
	"HELO localhost\r\n":                            "SMTP",
	"helo mail.example.org\n":                       "SMTP",
	"a001 LOGIN bob hunter2\r\n":                    "IMAP",
	"a LOGIN \"bob\" \"two words\"\r\n":             "IMAP",
	"1 CAPABILITY\r\n":                              "IMAP",
	"A1 STARTTLS\r\n":                               "IMAP",
	"A1 AUTHENTICATE PLAIN\r\n":                     "IMAP",
	"*2\r\n$4\r\nAUTH\r\n$7\r\nhunter2\r\n":         "Redis",
	"*17\r\n$7\r\nCOMMAND\r\n$4\r\nDOCS\r\n$":       "Redis",

	// Text.
	"hello":                                  "",
	"hello\n":                                "",
	"\n\nhello\r\nPASS hunter2\r\n":          "",
	"help\n":                                 "",
	"quit\r\n":                               "",
	"PING\r\n":                               "",
	"/nick bob\n":                            "",
	"/format json\n":                         "",
	"a\x00b\n":                               "",
	"\a\n":                                   "",
	"\b\bab\n":                               "",
	"\ttab\v\f\n":                            "",
	"\x7fab\n":                               "",
	"\x1b[32mPASS\x1b[39m src/foo.test.js\n": "",
	"\x1b[A\x1b[B\x1b\n":                     "",
	"\xc0\xaf\n":                             "",
	"caf\xe9\n":                              "",
	"\xe9t\xe9\n":                            "",
	"\u00e9t\u00e9\n":                        "",
	"\xff\xfb\x18\xff\xfd\x01hello\r\n":      "",
	"USER         PID %CPU %MEM    VSZ   RSS TTY\n": "",
	"USER       COMMAND\n":                          "",
	"USER logged in\n":                              "",
	"PASS src/foo.test.js\n":                        "",
	"PASS\n":                                        "",
	"PASS: test_foo\n":                              "",
	"PASS  foo.test.js (5.1 s)\n":                   "",
	"PASS tests are green\r\n":                      "",
	"pass me the salt\n":                            "",
	"user bob\n":                                    "",
	"*1\n":                                          "",
	"*1\r\nhello\r\n":                               "",
	"*their\r\n":                                    "",
	"*1 is a footnote\n":                            "",
	"GET OUT\n":                                     "",
	"GET a room, HTTP/1.1 people\n":                 "",
	"GET /etc/passwd\r\n":                           "",
	"we speak HTTP/1.1\n":                           "",
	"we use GET / HTTP/1.1\n":                       "",
	"GET\n":                                         "",
	"GET /\n":                                       "",
	"GET  HTTP/1.1\n":                               "",
	" GET / HTTP/1.1\n":                             "",
	"GET / HTTP/\n":                                 "",
	"GET / HTTP/1.1 please\n":                       "",
	"GET / http/1.1\n":                              "",
	"get / HTTP/1.1\n":                              "",
	"/ HTTP/1.1\r\n":                                "",
	"I speak HTTP/1.1 too\r\n":                      "",
	"see /" + strings.Repeat("a ", 300) + "\n":      "",
	`127.0.0.1 - - [x] "GET / HTTP/1.1" 200 1` + "\n": "",
	"helo everyone\n":                         "",
	"helo there...\n":                         "",
	"helo\n":                                  "",
	"HELO\n":                                  "",
	"ehlo to all of you\n":                    "",
	`{"type":"say","text":"hi"}` + "\n":       "",
	"<?xml version=\"1.0\"?>\n":               "",
	"SSHD started\n":                          "",
	"SSH-keys are lost\n":                     "",
	"SSH-2.0 is old\n":                        "",
	"PROXY settings changed\n":                "",
	"PROXY UNKNOWN error\n":                   "",
	"PROXY TCP4 is what HAProxy says\n":       "",
	"NICK OF TIME\n":                          "",
	"NICK and/or BOB\n":                       "",
	"CAP on backwards\n":                      "",
	"CAP LIST of players\n":                   "",
	"AUTH is broken\n":                        "",
	"AUTH: failed\n":                          "",
	"FEAT of strength\n":                      "",
	"please LOGIN now\n":                      "",
	"bob1 LOGIN\n":                            "",
	"OPTIONS are open\n":                      "",
	"TMP /" + strings.Repeat("a", 100) + "\n": "",
	strings.Repeat("a", 300) + "\n":           "",
}

// detectParts passes a stream in parts to an opening. It returns the name of the protocol, and the
// number of parts that the opening needed.
func detectParts(parts ...[]byte) (name string, needed int) {
	o := &opening{limit: openingLimit}
	for i, part := range parts {
		if f, decided := o.read(part); f != nil {
			return f.protocol.name, i + 1
		} else if decided {
			return "", i + 1
		}
	}
	if f := o.end(); f != nil {
		return f.protocol.name, len(parts)
	}
	return "", len(parts)
}

// single returns each byte of a stream as a part.
func single(stream []byte) (parts [][]byte) {
	for i := range stream {
		parts = append(parts, stream[i:i+1])
	}
	return parts
}

// TestOpening reads openings as a whole, byte by byte, and in two parts.
func TestOpening(t *testing.T) {
	for stream, want := range openingTests {
		b := []byte(stream)
		if name, _ := detectParts(b); name != want {
			t.Errorf("%.60q is %q, not %q", stream, name, want)
		}
		if name, _ := detectParts(single(b)...); name != want {
			t.Errorf("%.60q byte by byte is %q, not %q", stream, name, want)
		}
		for i := range b {
			if name, _ := detectParts(b[:i], b[i:]); name != want {
				t.Errorf("%.60q and %.60q is %q, not %q", b[:i], b[i:], name, want)
			}
		}
	}
}

// TestOpeningFirstBytes checks that protocols without lines are detected by their first bytes, since
// an LF may never come.
func TestOpeningFirstBytes(t *testing.T) {
	for stream, want := range map[string]int{
		"\x16\x03\x01": 2, "SSH-2.0-OpenSSH": 8, "\x03\x00": 1, "a\x00\x00\x00": 3, "S\x00e\x00r": 4,
		"\xff\xfeS\x00": 3, "\xfe\xff\x00S": 2, "\r\n\r\n\x00\r\nQUIT\n": 7,
	} {
		if name, needed := detectParts(single([]byte(stream))...); name == "" || needed != want {
			t.Errorf("%q is %q after %d bytes, not %d", stream, name, needed, want)
		}
	}
}

// checkOrder checks that the opening decides before next returns a line.
func checkOrder(t *testing.T, stream []byte) {
	o := &opening{limit: openingLimit}
	l := &lines{max: openingLimit}
	for i := range stream {
		b := stream[i : i+1]
		if _, decided := o.read(b); decided {
			return
		}
		l.feed(b)
		line, ok, err := l.next()
		if ok && !errors.Is(err, hub.ErrControl) && (err != nil || !isBlank(line)) && !redisArray.Match(o.line) {
			t.Errorf("%q has the line %q, %v before it is decided", stream[:i+1], line, err)
			return
		}
	}
}

// FuzzOpening checks that the division into parts makes no difference, and that the opening decides
// before next returns a line.
func FuzzOpening(f *testing.F) {
	for stream := range openingTests {
		f.Add([]byte(stream), uint(5))
	}
	f.Fuzz(func(t *testing.T, stream []byte, i uint) {
		whole, _ := detectParts(stream)
		if name, _ := detectParts(single(stream)...); name != whole {
			t.Errorf("%q byte by byte is %q, but whole it is %q", stream, name, whole)
		}
		i %= uint(len(stream)) + 1
		if name, _ := detectParts(stream[:i], stream[i:]); name != whole {
			t.Errorf("%q and %q is %q, but whole it is %q", stream[:i], stream[i:], name, whole)
		}
		checkOrder(t, stream)
	})
}
