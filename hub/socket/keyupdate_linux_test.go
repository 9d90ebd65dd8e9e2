package socket

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/hubtest"
)

// A recordWriter writes TLS records in place of a client's tls.Conn, which can't send a KeyUpdate.
type recordWriter struct {
	t      *testing.T
	to     io.Writer
	secret []byte // CLIENT_TRAFFIC_SECRET_0, and its successors
	sent   uint64 // records with the present keys
}

// recordPair is like tlsPair, with a recordWriter for the peer. The peer's tls.Conn must only read.
func recordPair(t *testing.T, timeout time.Duration) (*Conn, *hubtest.Socket, *recordWriter) {
	t.Helper()
	server, config, peer := hubtest.TLSOverTCP.Pair(t)
	c := new(Conn)
	if err := c.Init(server, new(Group), endOfLine, timeout); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	var log strings.Builder
	peer.TLS = tls.Client(peer.Raw(), &tls.Config{InsecureSkipVerify: true, KeyLogWriter: &log})
	shook := make(chan error)
	go func() { shook <- peer.TLS.Handshake() }()
	if err := c.StartTLS(TLSConfig(config), nil, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := <-shook; err != nil {
		t.Fatal(err)
	}
	if peer.TLS.ConnectionState().CipherSuite != tls.TLS_AES_128_GCM_SHA256 {
		t.Skip("this machine prefers another cipher suite")
	}
	_, line, _ := strings.Cut(log.String(), "CLIENT_TRAFFIC_SECRET_0 ")
	line, _, _ = strings.Cut(line, "\n")
	secret, err := hex.DecodeString(line[strings.IndexByte(line, ' ')+1:])
	if err != nil {
		t.Fatal(err)
	}
	return c, peer, &recordWriter{t: t, to: peer.Raw(), secret: secret}
}

// expand is HKDF-Expand-Label without a context (RFC 8446 section 7.1).
func (w *recordWriter) expand(label string, n int) []byte {
	label = "tls13 " + label
	info := fmt.Sprintf("%c%c%c%s%c", 0, n, len(label), label, 0)
	b, err := hkdf.Expand(sha256.New, w.secret, info, n)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// write writes a record with content of a type (RFC 8446 section 5.2).
func (w *recordWriter) write(kind byte, content string) error {
	block, err := aes.NewCipher(w.expand("key", 16))
	if err != nil {
		w.t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		w.t.Fatal(err)
	}
	nonce := w.expand("iv", 12)
	last := nonce[4:]
	binary.BigEndian.PutUint64(last, binary.BigEndian.Uint64(last)^w.sent)
	w.sent++
	header := []byte{23, 3, 3, 0, byte(len(content) + 1 + aead.Overhead())}
	_, err = w.to.Write(aead.Seal(header, nonce, append([]byte(content), kind), header))
	return err
}

// updateKeys requests a KeyUpdate (RFC 8446 section 4.6.3).
func (w *recordWriter) updateKeys() error {
	err := w.write(22, "\x18\x00\x00\x01\x01")
	w.secret, w.sent = w.expand("traffic upd", 32), 0
	return err
}

func (w *recordWriter) say(text string) error { return w.write(23, text) }

// TestKeyUpdate has a peer request new keys between and before lines, while the Conn writes. The
// answers come between the frames.
func TestKeyUpdate(t *testing.T) {
	c, peer, w := recordPair(t, time.Minute)
	const n = 15 // crypto/tls takes 16 answers without data between them for an attack
	go func() {
		for i := range n {
			if err := errors.Join(w.updateKeys(), w.say(fmt.Sprintf("%d\n", i))); err != nil {
				t.Error(err)
			}
		}
	}()
	go func() {
		for i := range n {
			if _, err := c.Write(fmt.Appendf(nil, "%d %s\n", i, strings.Repeat("x", i*700))); err != nil {
				t.Error(err)
			}
		}
	}()
	received := make(chan error)
	go func() {
		for i := range n {
			want := fmt.Sprintf("%d %s\n", i, strings.Repeat("x", i*700))
			got := make([]byte, len(want))
			if _, err := io.ReadFull(peer.TLS, got); err != nil || string(got) != want {
				received <- fmt.Errorf("frame %d: %.20q, %w", i, got, err)
				return
			}
		}
		received <- nil
	}()
	var want, got strings.Builder
	for i := range n {
		fmt.Fprintln(&want, i)
	}
	for got.Len() < want.Len() {
		b, err := c.Read()
		if err != nil {
			t.Fatal(err)
		}
		got.Write(b)
	}
	if got.String() != want.String() {
		t.Errorf("read %q", got.String())
	}
	if err := <-received; err != nil {
		t.Error(err)
	}
}

// TestKeyUpdateAnswered has a peer request new keys and send nothing else. It gets the answer at
// once, and the Conn holds nothing for it.
func TestKeyUpdateAnswered(t *testing.T) {
	c, peer, w := recordPair(t, time.Minute)
	go c.Read()
	if err := w.updateKeys(); err != nil {
		t.Fatal(err)
	}
	// A session ticket comes first, and the answer has a header and 5+1+16 bytes.
	header := make([]byte, 5)
	for size := 0; size != 22; size = int(binary.BigEndian.Uint16(header[3:])) {
		if _, err := io.CopyN(io.Discard, peer.Raw(), int64(size)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(peer.Raw(), header); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKeyUpdateFlood has a peer that reads nothing request new keys all the time. The Conn keeps few
// answers, and drops the peer.
func TestKeyUpdateFlood(t *testing.T) {
	c, _, w := recordPair(t, 200*time.Millisecond)
	for err := error(nil); err == nil; {
		_, err = c.TryWrite([]byte(strings.Repeat("line\n", 2000)))
	}
	go func() {
		for err := error(nil); err == nil; {
			err = errors.Join(w.updateKeys(), w.say("x"))
		}
	}()
	before := len(c.tls.sealed.b)
	for {
		if _, err := c.Read(); err != nil {
			if !errors.Is(err, hub.ErrSlow) {
				t.Errorf("the flood ends with %v", err)
			}
			break
		}
	}
	if n := len(c.tls.sealed.b) - before; n > 1000 {
		t.Errorf("%d bytes of answers are kept", n)
	}
	c.Close()
}
