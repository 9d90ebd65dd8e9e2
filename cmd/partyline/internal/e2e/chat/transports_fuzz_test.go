package chat

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/hub"
	"partyline/tcpgw"
	"partyline/wsgw"
)

// FuzzTransports sends the same lines over both transports. The answers must be the same.
func FuzzTransports(f *testing.F) {
	for _, s := range []string{
		"hello", "a\nb\n\n c \n", "/me waves", "/nick y\nhi", "/join ops\nhi\n/who\n/rooms", "/msg x psst", "/msg nobody psst",
		"one\ntwo\n/history 1\n/history\n/since 0\n/since 99999999999999999999", "/help", "/quit bye\nlate", "/QUIT", "//two\n/ \n/",
		"\x1b[2J\u202eabc\u2028\x00", "* bob has left\n-- goodbye --\n! error\nbob: hi", strings.Repeat("x", 4096), strings.Repeat("x", 4097),
		"GET / HTTP/1.1", "/nick \u200b\n/nick " + strings.Repeat("n", 40), "/join #Ops\n/join a b\n/nonsense " + strings.Repeat("z", 100), "é\u0301\u0301 👩‍👩‍👧‍👦",
	} {
		f.Add(s)
	}
	f.Add("/verbatim\n/quit\n//x\n\n/who")
	f.Add("/etc/hosts\n// x\n/etc\n\x1b[1m\n\u200b\n\x1b]0;x\x07y")
	f.Add("said\n/x") // the answer may arrive before the message
	f.Fuzz(func(t *testing.T, input string) {
		if !utf8.ValidString(input) || len(input) > 8<<10 {
			t.Skip("the transports treat invalid UTF-8 and oversized input differently")
		}
		if strings.ContainsAny(input, "\b\r\x7f") {
			t.Skip("the TCP gateway interprets editing characters")
		}
		var lines []string
		for line := range strings.SplitSeq(input, "\n") {
			if !strings.HasPrefix(strings.ToLower(line), "/format") { // TCP only
				lines = append(lines, line)
			}
		}
		tcp, ws := throughTCP(t, lines), throughWebSocket(t, lines)
		for i, line := range tcp {
			if strings.HasPrefix(line, "-- goodbye: ") { // only TCP clients get the hint
				tcp[i] = strings.TrimSuffix(line, " (Ctrl-C ends netcat) --") + " --"
			}
		}
		if !slices.Equal(inOrder(tcp), inOrder(ws)) {
			t.Errorf("%q\nover TCP\n\t%s\nover WebSocket\n\t%s", lines, strings.Join(tcp, "\n\t"), strings.Join(ws, "\n\t"))
		}
	})
}

// inOrder puts answers before events. Answers keep their own order, but may arrive before or after
// events of the same time.
func inOrder(lines []string) []string {
	var answers, events []string
	for _, line := range lines {
		if answer.MatchString(line) {
			answers = append(answers, line)
		} else {
			events = append(events, line)
		}
	}
	slices.Sort(events) // a message may arrive live before or after its repetition in an answer
	return append(answers, events...)
}

var answer = regexp.MustCompile(`^(! |= |-- |\* You are |you -> |\S+ -> you: )`)

const (
	named    = " is now known as x" // the last event before the lines
	sentinel = "that was all of it"
)

// A lineClient is a client that sends lines of text.
type lineClient interface {
	say(line string) error
	// receive returns the lines of the next event, or an error at the end of the connection.
	receive() ([]string, error)
}

// converse has a client send lines, and returns the lines that it receives for them.
func converse(t *testing.T, c lineClient, lines []string) (received []string) {
	t.Helper()
	if err := c.say("/nick x"); err != nil {
		t.Fatal(err)
	}
	for {
		event, err := c.receive()
		if err != nil {
			t.Fatalf("before the lines: %v", err)
		}
		if strings.HasSuffix(event[0], named) {
			break
		}
	}
	for _, line := range append(lines, sentinel) {
		if c.say(line) != nil {
			break // the server has closed the connection
		}
	}
	for {
		event, err := c.receive()
		if err != nil || strings.HasSuffix(event[0], ": "+sentinel) {
			return received
		}
		received = append(received, event...)
	}
}

// listenFor returns a hub and a listener for one of its gateways. The test closes both when it ends.
func listenFor(t *testing.T) (*hub.Hub, net.Listener) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := hub.New(hub.Options{})
	t.Cleanup(func() {
		h.Shutdown(context.Background())
		ln.Close()
	})
	return h, ln
}

type tcpClient struct {
	conn net.Conn
	in   *bufio.Reader
}

func throughTCP(t *testing.T, lines []string) []string {
	h, ln := listenFor(t)
	go (&tcpgw.Gateway{Hub: h, MaxLine: 4096, Log: slog.New(slog.DiscardHandler)}).Serve(ln)
	conn := harness.Dial(t, ln.Addr().String())
	conn.SetDeadline(time.Now().Add(harness.Patience))
	defer conn.Close()
	return converse(t, &tcpClient{conn, bufio.NewReader(conn)}, lines)
}

func (c *tcpClient) say(line string) error {
	_, err := io.WriteString(c.conn, line+"\n")
	return err
}

func (c *tcpClient) receive() ([]string, error) {
	line, err := c.in.ReadString('\n')
	return []string{strings.TrimSuffix(line, "\n")}, err
}

type wsClient struct{ ws *websocket.Conn }

func throughWebSocket(t *testing.T, lines []string) []string {
	h, ln := listenFor(t)
	g := &wsgw.Gateway{Hub: h, MaxLine: 4096, Log: slog.New(slog.DiscardHandler)}
	server := &http.Server{Handler: g}
	go server.Serve(ln)
	ws, _, err := websocket.DefaultDialer.Dial("ws://"+ln.Addr().String()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadDeadline(time.Now().Add(harness.Patience))
	defer ws.Close()
	return converse(t, &wsClient{ws}, lines)
}

func (c *wsClient) say(line string) error {
	return c.ws.WriteMessage(websocket.TextMessage, []byte(line+"\n"))
}

func (c *wsClient) receive() ([]string, error) {
	_, text, err := c.ws.ReadMessage()
	return strings.Split(string(text), "\n"), err
}
