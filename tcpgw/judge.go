package tcpgw

import (
	"bytes"
	"regexp"
	"strings"
)

// A protocol is one whose clients come to a chat line by mistake.
type protocol struct {
	name   string
	advice string         // for the person who sees the answer
	line   *regexp.Regexp // matches its first line, a CR at the end included; nil if it has no lines
}

const useAnother = "talk with netcat or telnet"

// The protocols that are told apart by their first bytes.
var (
	protocolTLS   = &protocol{name: "TLS", advice: "connect without TLS"}
	protocolSSH   = &protocol{name: "SSH", advice: useAnother}
	protocolRedis = &protocol{name: "Redis", advice: useAnother}
	utf16Text     = &protocol{
		name:   "UTF-16",
		advice: "send UTF-8 (iconv -f UTF-16 -t UTF-8, or in PowerShell Out-File -Encoding utf8)",
	}
	binaryData = &protocol{name: "binary data", advice: "send text in UTF-8"}
)

// The protocols that are told apart by their first line.
var (
	protocolHTTP = &protocol{
		name: "HTTP",
		line: regexp.MustCompile(`^[A-Z-]+ \S+ HTTP/[0-9.]+\r?$`),
	}
	protocolPROXY = &protocol{
		name: "a PROXY header", advice: "name the proxy with --proxy",
		line: regexp.MustCompile(`^PROXY (TCP[46]|UNKNOWN)( \S+ \S+ [0-9]+ [0-9]+|)\r?$`),
	}

	// People pipe logs and code: a pattern matches what clients send and little else. A CR
	// says that a line comes from a client rather than from a file.
	protocolsOfLines = []*protocol{
		protocolHTTP,
		protocolPROXY,
		{
			name: "RTSP or SIP", advice: useAnother,
			line: regexp.MustCompile(`^[A-Z_-]+ \S+ (RTSP|SIP)/[0-9.]+\r?$`),
		},
		{
			name: "IRC", advice: useAnother,
			line: regexp.MustCompile(`^(CAP (LS( [0-9]+)?|LIST|END|REQ .+)` +
				`|NICK [^\s/]+` +
				`|USER \S+ \S+ \S+ :.*|USER \S+ [0-9]+ \* .+)\r?$`),
		},
		{
			name: "a login to IRC, FTP, POP3 or Redis", advice: useAnother,
			line: regexp.MustCompile(`^(PASS ([^\s/]+\r?|:.*|\S+\r)` + // jest writes PASS and a path
				`|USER \S+\r?` +
				`|(CAPA|FEAT|STLS)\r?|APOP \S+ [0-9a-f]{32}\r?` +
				`|AUTH (\S+\r?|[A-Z0-9-]+ \S+\r?|\S+ \S+\r))$`),
		},
		{
			name: "SMTP", advice: useAnother,
			line: regexp.MustCompile(`^((?i:EHLO|LHLO)( \S+)?|HELO \S+` +
				`|(?i:HELO) ([\w-]+(\.[\w-]+)+|\[\S+\]))\r?$`),
		},
		{
			name: "IMAP", advice: useAnother,
			line: regexp.MustCompile(`^(\w*[0-9]\w*|\S) (CAPABILITY|STARTTLS|AUTHENTICATE \S+( \S+)?` +
				`|LOGIN (["{].*|\S+ (".*|\S+)))\r?$`),
		},
	}

	sshVersion  = regexp.MustCompile(`^SSH-[0-9]+\.[0-9]+-`)
	longRequest = regexp.MustCompile(`^[A-Z-]+ (/|[a-z]+://)`)
	redisArray  = regexp.MustCompile(`^\*[0-9]+\r$`)
)

// judge finds out by the beginning of a stream whether it is of another protocol, and which;
// it returns nil if it is of none. decided is false as long as more may tell. Whatever more
// comes, a decision remains the same.
//
// line is what has come of the first line that is not blank, without telnet's commands and
// its LF; ended says that its LF, or the end of the input, has come; rest is what came after
// that. More than most bytes of a line are not waited for.
func judge(line []byte, ended bool, rest []byte, most int) (p *protocol, decided bool) {
	if p, decided := judgeBytes(line, ended); decided {
		return p, true
	}
	switch {
	case len(line) > most:
		if longRequest.Match(line) {
			return protocolHTTP, true
		}
		return nil, true
	case !ended:
		return nil, false
	case redisArray.Match(line):
		if bytes.HasPrefix(rest, []byte("$")) {
			return protocolRedis, true
		}
		return nil, len(rest) > 0
	}
	line = bytes.TrimPrefix(line, []byte("\uFEFF"))
	for _, p := range protocolsOfLines {
		if p.line.Match(line) {
			return p, true
		}
	}
	return nil, true
}

// judgeBytes is judge for what the first bytes of a line tell. It decides nothing about text.
func judgeBytes(line []byte, ended bool) (p *protocol, decided bool) {
	switch {
	case len(line) == 0:
		return nil, false
	case !ended && (string(line) == "\x16" || string(line) == "\x00" || string(line) == "\x00\r"):
		return nil, false
	case bytes.HasPrefix(line, []byte{0x16, 0x03}):
		return protocolTLS, true
	case string(line) == "\x00\r": // a header of version 2 begins with two blank lines and this one
		return protocolPROXY, true
	case isBinary(line[0]):
		return binaryData, true
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
				return utf16Text, true
			}
			return binaryData, true
		}
	}
	return nil, false
}

// isBinary reports whether c is a control character that is not in text: not one of those
// that move the cursor, ring the bell or begin a sequence.
func isBinary(c byte) bool { return c < ' ' && !strings.ContainsRune("\a\b\t\n\v\f\r\x1b", rune(c)) }
