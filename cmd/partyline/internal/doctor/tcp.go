package doctor

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"time"

	"partyline/web"
)

// A TCP is what the TCP listener answers.
type TCP struct {
	Address string // "" if there is none to try
	Given   bool   // the user has given it
	Direct  bool   // it is the address at which the server listens, without a proxy
	Plain   Hello  // without a PROXY header
	Claimed Hello  // with one from claimedAddress, which nobody may have
}

// A Hello is the answer to the first line of a client.
type Hello struct {
	DialErr error
	Line    string // the answer to it, or the last line if there is none
	Err     error  // there is none
}

// claimedAddress is the address in the PROXY header. It is reserved for documentation (RFC 5737).
const claimedAddress = "192.0.2.1"

// tcp tries the TCP listener. The client leaves with the answer, and asks for JSON and nothing else: the
// room does not learn of it if it leaves within ten seconds.
func (p *prober) tcp(ctx context.Context, report *web.Report) TCP {
	d := TCP{Address: p.TCP, Given: p.TCP != ""}
	if report != nil {
		_, port, err := net.SplitHostPort(report.TCP)
		if !d.Given && err == nil {
			d.Address = net.JoinHostPort(p.Site.hostname(), port)
		}
		d.Direct = d.Address != "" && d.Address == report.TCP
	}
	if d.Address == "" {
		return d
	}
	const hello = "/format json\n"
	if d.Plain = p.hello(ctx, d.Address, hello); d.Plain.DialErr == nil {
		d.Claimed = p.hello(ctx, d.Address, "PROXY TCP4 "+claimedAddress+" 192.0.2.2 1000 4000\r\n"+hello)
	}
	return d
}

// hello connects to an address, sends a text, and returns the first line of the answer.
func (p *prober) hello(ctx context.Context, addr, text string) (h Hello) {
	conn, err := (&net.Dialer{Timeout: p.Timeout}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return Hello{DialErr: err}
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	conn.SetDeadline(time.Now().Add(min(p.Timeout, helloTimeout)))
	if _, err := io.WriteString(conn, text); err != nil {
		return Hello{Err: err}
	}
	// A server may send the welcome before it has the first line, and what it repeats of the history. The
	// answer to the line is a JSON object or an error.
	lines := bufio.NewScanner(io.LimitReader(conn, maxAnswer))
	for lines.Scan() {
		if h.Line = strings.TrimSpace(lines.Text()); strings.HasPrefix(h.Line, "{") || strings.HasPrefix(h.Line, "! ") {
			return h
		}
	}
	if h.Err = lines.Err(); h.Err == nil {
		h.Err = io.EOF
	}
	return h
}

// maxAnswer is the largest answer of the TCP listener that is read, in bytes.
const maxAnswer = 1 << 20

// helloTimeout is less than the time after which the room learns of a client that uses JSON.
const helloTimeout = 5 * time.Second

// isWelcome reports whether the server let the client in.
func (h Hello) isWelcome() bool { return strings.HasPrefix(h.Line, `{"type":"welcome",`) }
