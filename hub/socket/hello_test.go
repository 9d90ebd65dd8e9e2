package socket

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"partyline/hub/hubtest"
)

// TestHello reads first input of all kinds and sizes, a part of it early. Only a record that may have a
// ClientHello is divided, and nothing is lost.
func TestHello(t *testing.T) {
	handshake := func(size int) string {
		return string([]byte{22, 3, 1, byte(size >> 8), byte(size)}) + strings.Repeat("0123456789", size/10+1)[:size]
	}
	for _, size := range []int{1, 2, 3, 4, 5, 507, 508, 1014, 1015, 1530, 2047, 4000, maxRecord} {
		record := handshake(size)
		for _, early := range []int{0, 1, 4, 5, 6, 300, len(record), len(record) + 3} {
			all := record + "later"
			early = min(early, len(all))
			var content strings.Builder
			for _, piece := range readHello(t, all[:early], all[early:]) {
				if len(piece) > pieceSize {
					t.Fatalf("%d bytes, %d early: a piece of %d", size, early, len(piece))
				}
				if strings.HasPrefix(piece, record[:3]) {
					if int(piece[3])<<8|int(piece[4]) != len(piece)-recordHeader {
						t.Fatalf("%d bytes, %d early: %q", size, early, piece)
					}
					piece = piece[recordHeader:]
				}
				content.WriteString(piece)
			}
			if content.String() != all[recordHeader:] {
				t.Errorf("%d bytes, %d early: the content is %.30q", size, early, content.String())
			}
		}
	}
	for _, input := range []string{
		"", "a", "hello\n", "GET / HTTP/1.1\r\n\r\n", "\x16", "\x16\x03\x01\x00", "\x16\x03\x01\x00\x00", handshake(1000)[:500],
		"\x16\x03\x01\x40\x01" + strings.Repeat("x", 17000), "\x16\x04" + handshake(600)[2:], "\x80" + handshake(600)[1:], "\x17" + handshake(600)[1:],
	} {
		for early := range min(len(input), 10) + 1 {
			if got := strings.Join(readHello(t, input[:early], input[early:]), ""); got != input {
				t.Errorf("%.20q, %d early, becomes %.20q", input, early, got)
			}
		}
	}
}

// readHello returns the results of reading early and then later as a tlsLayer does, up to the end.
func readHello(t *testing.T, early, later string) (pieces []string) {
	t.Helper()
	h := &hello{early: []byte(early)}
	from := iotest.HalfReader(strings.NewReader(later))
	b := make([]byte, 2*maxRecord)
	for more := true; ; {
		var n int
		var err error
		if more {
			n, more, err = h.read(from, b)
		} else {
			n, err = from.Read(b)
		}
		if n > 0 {
			pieces = append(pieces, string(b[:n]))
		}
		if err != nil {
			if err != io.EOF {
				t.Fatal(err)
			}
			return pieces
		}
	}
}

// TestStartTLSHello does handshakes with ClientHellos of several sizes, a part of which was received
// before. Then the tls.Conn holds little memory.
func TestStartTLSHello(t *testing.T) {
	for _, protocols := range []int{0, 10, 50, 300} {
		for _, received := range []int{0, 1, 5, 6, 700, 1400} {
			t.Run(fmt.Sprintf("%d protocols, %d bytes received", protocols, received), func(t *testing.T) {
				server, config, peer := hubtest.TLSOverTCP.Pair(t)
				c := new(Conn)
				if err := c.Init(server, new(Group), endOfLine, time.Minute); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.Close() })
				client := &tls.Config{InsecureSkipVerify: true}
				for i := range protocols {
					client.NextProtos = append(client.NextProtos, fmt.Sprintf("protocol-%d", i))
				}
				peer.TLS = tls.Client(peer.Raw(), client)
				shook := make(chan error)
				go func() { shook <- peer.TLS.Handshake() }()
				early := make([]byte, received)
				if _, err := io.ReadFull(c.NetConn(), early); err != nil {
					t.Fatal(err)
				}
				if err := c.StartTLS(TLSConfig(config), early, time.Minute); err != nil {
					t.Fatal(err)
				}
				if err := <-shook; err != nil {
					t.Fatal(err)
				}
				io.WriteString(peer.TLS, "hello\n")
				if b, err := c.Read(); err != nil || !bytes.Equal(b, []byte("hello\n")) {
					t.Errorf("%q, %v", b, err)
				}
				if record := bufferSize(t, c.tls.tls, "rawInput"); record > 600 {
					t.Errorf("the buffer for a record has %d bytes", record)
				}
				if message := bufferSize(t, c.tls.tls, "hand"); protocols == 0 && message > 1800 {
					t.Errorf("the buffer for a message has %d bytes", message)
				}
			})
		}
	}
}

// bufferSize returns the capacity of a bytes.Buffer in a tls.Conn.
func bufferSize(t *testing.T, c *tls.Conn, field string) int {
	t.Helper()
	buffer := reflect.ValueOf(c).Elem().FieldByName(field)
	if !buffer.IsValid() || buffer.Type() != reflect.TypeFor[bytes.Buffer]() {
		t.Skipf("this crypto/tls has no buffer %s", field)
	}
	return buffer.FieldByName("buf").Cap()
}
