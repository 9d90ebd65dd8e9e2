//go:build linux

package abuse

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"time"
)

// inputCase returns a case that sends bytes to the TCP gateway, ends its input, and reads the output.
func inputCase(name, bytes string) abuse {
	return abuse{name: name, run: func(a *abuser) {
		c := a.tcp()
		done := make(chan struct{})
		go func() {
			defer close(done)
			send(c, bytes)
			c.CloseWrite()
		}()
		a.readLines(c, 2*time.Second)
		<-done
	}}
}

// deliveryCase returns a case that says lines. It fails unless another member of the room receives
// exactly the lines of want.
func deliveryCase(name string, lines []string, want []string) abuse {
	return abuse{name: name, alone: true, run: func(a *abuser) {
		room := "room-" + fmt.Sprint(a.rand.Uint32()) // a new room has no history
		observer := a.observer(room)
		c := a.tcp()
		send(c, "/join "+room+"\n/nick eve\n")
		for _, l := range lines {
			send(c, l+"\n")
		}
		send(c, "over and out\n")
		got := a.readUntil(observer, "eve: over and out\n")
		_, got, _ = strings.Cut(got, "is now known as eve\n")
		if want := strings.Join(append(want, "eve: over and out"), "\n") + "\n"; got != want {
			a.Errorf("the observer received\n%q\nwant\n%q", got, want)
		}
	}}
}

// observer returns a client that has joined a room.
func (a *abuser) observer(room string) net.Conn {
	c := a.tcp()
	send(c, "/join "+room+"\n")
	a.readUntil(c, " in #"+room+", ")
	return c
}

// noise returns n pseudo-random bytes, the same in each run.
func noise(n int) string {
	r := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

const clientHello = "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + "0123456789abcdef0123456789abcdef" +
	"\x00\x00\x20\xcc\xa8\xcc\xa9\xc0\x2f\xc0\x30\xc0\x2b\xc0\x2c\xc0\x13\xc0\x09\xc0\x14\xc0\x0a\x00\x9c\x00\x9d\x00\x2f\x00\x35\xc0\x12\x00\x0a\x01\x00\x00\x58"

var lineAbuses = []abuse{
	inputCase("10 MB without a line end", strings.Repeat("x", 10<<20)),
	inputCase("a line of 10 MB", strings.Repeat("x", 10<<20)+"\n"),
	inputCase("lines that are all too long", strings.Repeat(strings.Repeat("x", 10<<10)+"\n", 30)),
	inputCase("noise", noise(1<<20)),
	inputCase("noise without line ends", strings.ReplaceAll(noise(1<<20), "\n", "")),
	inputCase("a TLS hello", clientHello),
	inputCase("GET", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
	inputCase("POST", "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd"),
	inputCase("CONNECT", "CONNECT x:443 HTTP/1.1\r\n\r\n"),
	inputCase("OPTIONS", "OPTIONS * HTTP/1.0\r\n\r\n"),
	inputCase("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"),
	inputCase("SSH", "SSH-2.0-OpenSSH_9.2\r\n"+noise(200)),
	inputCase("SMTP", "EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n.\r\nQUIT\r\n"),
	inputCase("Redis", "*1\r\n$4\r\nPING\r\n"),
	inputCase("NULs", strings.Repeat("\x00", 1<<20)),
	inputCase("empty lines", strings.Repeat("\n", 45)),
	inputCase("CR alone", strings.Repeat("\r", 100<<10)),
	inputCase("endless telnet negotiation", strings.Repeat("\xff\xfb\x01\xff\xfd\x03", 200<<10)),
	inputCase("a telnet subnegotiation without an end", "\xff\xfa\x18"+strings.Repeat("x", 1<<20)),
	inputCase("a telnet command that is cut off", "hello\xff"),
	inputCase("invalid UTF-8 in every line", strings.Repeat("a\xc0\xaf\xed\xa0\x80\xf5\n", 40)),
	inputCase("JSON nested 30,000 deep", "/format json\n"+strings.Repeat("[", 30_000)+"\n"+`{"type":"say","text":`+strings.Repeat("[", 15_000)+strings.Repeat("]", 15_000)+"}\n"),
	inputCase("JSON numbers that are too large", "/format json\n"+`{"type":"since","id":`+strings.Repeat("9", 30_000)+"}\n"+`{"type":"history","before":1e999999999,"limit":-1e400}`+"\n"),
	inputCase("duplicate JSON fields", "/format json\n"+`{"type":"say","type":"quit","text":"a","text":"b"}`+"\n"+strings.Repeat(`{"type":"say",`, 1000)+"\n"),
	inputCase("lone surrogates in JSON", "/format json\n"+`{"type":"say","text":"\ud800\udc00 \udc00\ud800 \u0000 \u001b[2J"}`+"\n"),
	inputCase("unknown JSON types", "/format json\n"+strings.Repeat(`{"type":"`+strings.Repeat("z", 1000)+`","ref":"1"}`+"\n", 35)),
	inputCase("alternating formats", strings.Repeat("/format json\n"+`{"type":"format","format":"text"}`+"\n", 18)),
	inputCase("half a command", "/ni"),

	{name: "a line sent one byte at a time", run: func(a *abuser) {
		c := a.tcp()
		for _, b := range []byte("/who\nhello, slowly\n") {
			send(c, string(b))
			time.Sleep(20 * time.Millisecond) // sends slowly on purpose
		}
	}},
	{name: "10,000 unknown commands", run: func(a *abuser) {
		a.each(250, func(i int) {
			c := a.tcp()
			for n := range 40 {
				send(c, fmt.Sprintf("/nonsense%d-%d\n", i, n))
			}
			c.CloseWrite()
			if n := strings.Count(a.readLines(c, caseTime), "! unknown command /nonsense"); n != 40 {
				a.Errorf("%d errors for 40 unknown commands", n)
			}
		})
	}},
	{name: "repeated history requests", run: func(a *abuser) {
		a.each(50, func(int) {
			c := a.tcp()
			send(c, strings.Repeat("/history 500\n/since 0\n", 4))
			c.CloseWrite()
			a.readLines(c, 5*time.Second)
		})
	}},

	deliveryCase("forged notices", []string{"* bob has left", "-- goodbye: you are fired --", "! error", "= alice", "bob: hi", "bob -> you: psst", "~ bob dances", "you -> bob: psst"},
		[]string{"eve: * bob has left", "eve: -- goodbye: you are fired --", "eve: ! error", "eve: = alice", "eve: bob: hi", "eve: bob -> you: psst", "eve: ~ bob dances", "eve: you -> bob: psst"}),
	deliveryCase("forged notices as actions", []string{"/me has left", "/me : hi\t"}, []string{"~ eve has left", "~ eve : hi\t"}),
	deliveryCase("escape sequences", []string{"\x1b[2J\x1b]0;owned\a", "\x1b[2J\x1b]0;owned\aand\x1b[2", "\x9b31m", "a\bb\x7fc"}, []string{"eve: and\ufffd[2", "eve: c"}), // the first has no visible text, the third is not UTF-8
	deliveryCase("C1 in UTF-8", []string{"\u009b31m\u0085x"}, []string{"eve: \ufffd31m\ufffdx"}),
	deliveryCase("carriage returns", []string{"hello\reve2: hi", "x\r\r", "bob: hi\b\b\r"}, []string{"eve: eve2: hi", "eve: x", "eve: bob: "}),
	deliveryCase("line separators", []string{"a\u2028* bob has left\u2029b"}, []string{"eve: a\ufffd* bob has left\ufffdb"}),
	deliveryCase("bidirectional controls", []string{"\u202egnp.exe", "\u2066\u2067\u2068a"}, []string{"eve: \ufffdgnp.exe", "eve: \ufffd\ufffd\ufffda"}),
	deliveryCase("emoji up to the limit", []string{strings.Repeat("🎉", 1024)}, []string{"eve: " + strings.Repeat("🎉", 1024)}),
	deliveryCase("slashes", []string{"//quit", "/ quit", "/", "/QUITE", "/quit/"}, []string{"eve: /quit", "eve: / quit", "eve: /", "eve: /quit/"}),
	{name: "forged lines in a JSON text", alone: true, run: func(a *abuser) {
		room := "room-" + fmt.Sprint(a.rand.Uint32()) // a new room has no history
		observer := a.observer(room)
		c := a.tcp()
		send(c, "/join "+room+"\n/nick eve\n/format json\n")
		send(c, `{"type":"say","text":"a\n* bob has left\n\u001b[2J\nover and out"}`+"\n")
		got := a.readUntil(observer, "over and out\n")
		if !strings.Contains(got, "eve: a\neve: * bob has left\neve: \neve: over and out\n") {
			a.Errorf("the observer received %q", got)
		}
	}},
	{name: "private messages to a client that does not read", alone: true, run: func(a *abuser) {
		recipient := a.tcp()
		recipient.SetReadBuffer(4096)
		send(recipient, "/nick victim\n")
		a.each(20, func(int) {
			c := a.tcp()
			send(c, strings.Repeat("/msg victim "+strings.Repeat("x", 4000)+"\n", 9))
			c.CloseWrite()
			a.readLines(c, 5*time.Second)
		})
	}},
	{name: "repeated keys", alone: true, run: func(a *abuser) {
		c := a.tcp()
		send(c, "/format json\n"+strings.Repeat(`{"type":"say","text":"once","key":"`+strings.Repeat("k", 64)+`","ref":"r"}`+"\n", 35))
		c.CloseWrite()
		got := a.readLines(c, caseTime)
		if m, k := strings.Count(got, `"type":"message"`)-strings.Count(got, `"text":"@`), strings.Count(got, `"type":"ack"`); m != 1 || k != 35 {
			a.Errorf("%d messages and %d acks, want 1 and 35", m, k)
		}
	}},
}
