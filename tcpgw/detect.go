package tcpgw

import (
	"bytes"
	"regexp"
	"strings"

	"partyline/hub/socket"
)

// A protocol is one that the gateway does not speak, but whose clients may connect by mistake.
type protocol struct {
	name   string
	advice string         // a part of the answer
	line   *regexp.Regexp // matches its first line, with the CR but without the LF; nil if it is recognized otherwise
}

// method matches the method of an HTTP request (RFC 9110 section 9.1).
const method = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"

const useNetcat = "talk with netcat or telnet"

// The protocols that detectBytes or detect recognizes.
var (
	protocolTLS   = &protocol{name: "TLS", advice: "connect without TLS"}
	protocolSSH   = &protocol{name: "SSH", advice: useNetcat}
	protocolRedis = &protocol{name: "Redis", advice: useNetcat}
	protocolUTF16 = &protocol{
		name:   "UTF-16",
		advice: "send UTF-8 (iconv -f UTF-16 -t UTF-8, or in PowerShell Out-File -Encoding utf8)",
	}
	protocolBinary = &protocol{name: "binary data", advice: "send text in UTF-8"}
)

// The protocols that detect recognizes by their first line.
var (
	protocolHTTP = &protocol{
		name: "HTTP",
		// A page may choose the method, and browsers end lines in CR LF.
		line: regexp.MustCompile(`^([A-Z-]+ \S+ HTTP/[0-9.]+\r?|` + method + ` \S+ HTTP/1\.[01]\r)$`),
	}
	protocolPROXY = &protocol{
		name: "a PROXY header", advice: "name the proxy with --proxy",
		line: regexp.MustCompile(`^PROXY (TCP[46]|UNKNOWN)( \S+ \S+ [0-9]+ [0-9]+|)\r?$`),
	}

	// People pipe logs and code into a room, so a pattern matches little more than what clients
	// send. Clients end lines in CR LF, files mostly in LF.
	lineProtocols = []*protocol{
		protocolHTTP,
		protocolPROXY,
		{
			name: "RTSP or SIP", advice: useNetcat,
			line: regexp.MustCompile(`^[A-Z_-]+ \S+ (RTSP|SIP)/[0-9.]+\r?$`),
		},
		{
			name: "IRC", advice: useNetcat,
			line: regexp.MustCompile(`^(CAP (LS( [0-9]+)?|LIST|END|REQ .+)` +
				`|NICK [^\s/]+` +
				`|USER \S+ \S+ \S+ :.*|USER \S+ [0-9]+ \* .+)\r?$`),
		},
		{
			name: "a login to IRC, FTP, POP3 or Redis", advice: useNetcat,
			line: regexp.MustCompile(`^(PASS ([^\s/]+\r?|:.*|\S+\r)` + // not PASS and a path, which jest prints
				`|USER \S+\r?` +
				`|(CAPA|FEAT|STLS)\r?|APOP \S+ [0-9a-f]{32}\r?` +
				`|AUTH (\S+\r?|[A-Z0-9-]+ \S+\r?|\S+ \S+\r))$`),
		},
		{
			name: "SMTP", advice: useNetcat,
			line: regexp.MustCompile(`^((?i:EHLO|LHLO)( \S+)?|HELO \S+` +
				`|(?i:HELO) ([\w-]+(\.[\w-]+)+|\[\S+\]))\r?$`),
		},
		{
			name: "IMAP", advice: useNetcat,
			line: regexp.MustCompile(`^(\w*[0-9]\w*|\S) (CAPABILITY|STARTTLS|AUTHENTICATE \S+( \S+)?` +
				`|LOGIN (["{].*|\S+ (".*|\S+)))\r?$`),
		},
	}

	sshVersion  = regexp.MustCompile(`^SSH-[0-9]+\.[0-9]+-`)
	longRequest = regexp.MustCompile(`^[A-Z-]+ (/|[a-z]+://)`)
	longTarget  = regexp.MustCompile(`^` + method + ` /\S*( [HTP/.01]*\r?)?$`) // too long, with any method
	redisArray  = regexp.MustCompile(`^\*[0-9]+\r$`)
)

// detect returns the protocol that a stream belongs to, or nil if it is text. If decided is
// false, it needs more of the stream. A decision never depends on later bytes.
//
// line is the first line that is not blank, as far as it has been received, without telnet
// commands and LF. complete is true if its LF, or the end of the stream, has been received. rest
// is the input after that. If line is longer than limit bytes, detect does not wait for its end.
func detect(line []byte, complete bool, rest []byte, limit int) (p *protocol, decided bool) {
	if p, decided := detectBytes(line, complete); decided {
		return p, true
	}
	switch {
	case len(line) > limit:
		if longRequest.Match(line) || longTarget.Match(line) {
			return protocolHTTP, true
		}
		return nil, true
	case !complete:
		return nil, false
	case redisArray.Match(line):
		if bytes.HasPrefix(rest, []byte("$")) {
			return protocolRedis, true
		}
		return nil, len(rest) > 0
	}
	line = bytes.TrimPrefix(line, []byte("\uFEFF"))
	for _, p := range lineProtocols {
		if p.line.Match(line) {
			return p, true
		}
	}
	return nil, true
}

// detectBytes is like detect, but recognizes only protocols that do not start with a line of text.
// It never decides that a stream is text.
func detectBytes(line []byte, complete bool) (p *protocol, decided bool) {
	switch {
	case len(line) == 0:
		return nil, false
	case !complete && (string(line) == "\x16" || string(line) == "\x00" || string(line) == "\x00\r"):
		return nil, false
	case bytes.HasPrefix(line, []byte{socket.HandshakeByte, 0x03}):
		return protocolTLS, true
	case string(line) == "\x00\r": // a PROXY header of version 2 starts with two blank lines and this one
		return protocolPROXY, true
	case isBinary(line[0]):
		return protocolBinary, true
	case sshVersion.Match(line):
		return protocolSSH, true
	}
	found := 0
	for i, c := range line[:min(8, len(line))] {
		if !isBinary(c) {
			continue
		}
		if found++; found == 2 {
			if i == 3 && line[1] == 0 && line[2] >= ' ' && line[3] == 0 {
				return protocolUTF16, true
			}
			return protocolBinary, true
		}
	}
	return nil, false
}

// isBinary reports whether c is a control character that text does not contain. Text may contain
// BEL, ESC, and characters that move the cursor.
func isBinary(c byte) bool { return c < ' ' && !strings.ContainsRune("\a\b\t\n\v\f\r\x1b", rune(c)) }
