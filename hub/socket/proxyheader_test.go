package socket

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// v2 returns a PROXY header of version 2.
func v2(commandAndFamily string, rest string) string {
	return string(signature2) + commandAndFamily + string([]byte{byte(len(rest) >> 8), byte(len(rest))}) + rest
}

const (
	addr4 = "\xcb\x00\x71\x07\xc0\x00\x02\x01\x30\x39\x0f\xa0"
	addr6 = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07" +
		"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x30\x39\x0f\xa0"
)

// TestReadProxyHeader reads headers in one piece and byte by byte. What follows a header is not
// read.
func TestReadProxyHeader(t *testing.T) {
	for sent, want := range map[string]string{
		"PROXY TCP4 203.0.113.7 192.0.2.1 12345 4000\r\n":                          "203.0.113.7:12345",
		"PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n":                                       "1.1.1.1:1",
		"PROXY TCP6 2001:db8::7 2001:db8::1 12345 4000\r\n":                        "[2001:db8::7]:12345",
		v2("\x21\x11", addr4):                                                      "203.0.113.7:12345",
		v2("\x21\x21", addr6):                                                      "[2001:db8::7]:12345",
		v2("\x21\x11", addr4+"\x04\x00\x02\x00\x00"):                               "203.0.113.7:12345",
		v2("\x21\x11", addr4+"\x04\x0f\xf1"+strings.Repeat("x", longestRest-12-3)): "203.0.113.7:12345",
		"PROXY TCP6 " + strings.Repeat("2001:0db8:0000:0000:0000:0000:0000:0007 ", 2) + "65535 65535\r\n": "[2001:db8::7]:65535",
	} {
		for name, in := range map[string]func(io.Reader) io.Reader{
			"whole":        func(r io.Reader) io.Reader { return r },
			"byte by byte": iotest.OneByteReader,
			"with EOF":     iotest.DataErrReader,
		} {
			const more = "GET / HTTP/1.1\r\n"
			all := strings.NewReader(sent + more)
			got, err := ReadProxyHeader(in(all))
			if err != nil || got.From.String() != want {
				t.Errorf("%s, %q: %v, %v; want %s", name, sent, got, err, want)
			}
			if rest, _ := io.ReadAll(all); string(rest) != more && name != "with EOF" { // which reads ahead
				t.Errorf("%s, %q: %q is left to read", name, sent, rest)
			}
			got, err = ReadProxyHeader(in(strings.NewReader(sent)))
			if err != nil || got.From.String() != want {
				t.Errorf("%s, %q and no more: %v, %v; want %s", name, sent, got, err, want)
			}
		}
	}
}

// sslField returns a field of version 2 that says whether the client uses TLS, as HAProxy sends it.
func sslField(client byte, rest string) string {
	value := string(client) + "\x00\x00\x00\x00" + rest
	return "\x20" + string([]byte{0, byte(len(value))}) + value
}

// tls13 is the part of an sslField that has the version of TLS.
const tls13 = "\x21\x00\x07TLSv1.3"

// TestReadProxyHeaderTLS reads what a header says about the TLS of the client.
func TestReadProxyHeaderTLS(t *testing.T) {
	for name, c := range map[string]struct {
		sent string
		want bool
	}{
		"version 1":                 {"PROXY TCP4 203.0.113.7 192.0.2.1 12345 443\r\n", false},
		"no field":                  {v2("\x21\x11", addr4), false},
		"TLS":                       {v2("\x21\x11", addr4+sslField(1, tls13)), true},
		"TLS, IPv6":                 {v2("\x21\x21", addr6+sslField(1, tls13)), true},
		"TLS, client's certificate": {v2("\x21\x11", addr4+sslField(7, tls13+"\x22\x00\x01x")), true},
		"TLS, after other fields":   {v2("\x21\x11", addr4+"\x04\x00\x01x\x05\x00\x01x"+sslField(1, tls13)), true},
		"no TLS":                    {v2("\x21\x11", addr4+sslField(0, "")), false},
		"no TLS, other bits":        {v2("\x21\x11", addr4+sslField(6, "")), false},
		"without a version of TLS":  {v2("\x21\x11", addr4+sslField(1, "")), false},
		"another field":             {v2("\x21\x11", addr4+"\x21"+sslField(1, tls13)[1:]), false},
		"too short":                 {v2("\x21\x11", addr4+"\x20\x00\x01\x01"), false},
		"longer than the header":    {v2("\x21\x11", addr4+"\x20\x00\xff\x01"+tls13), false},
	} {
		got, err := ReadProxyHeader(strings.NewReader(c.sent))
		if err != nil || got.From == nil || got.TLS != c.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if got, err := ReadProxyHeader(strings.NewReader(v2("\x20\x11", addr4+sslField(1, tls13)))); !errors.Is(err, ErrLocal) || got != (ProxyHeader{Local: true}) {
		t.Errorf("of the proxy itself: %+v, %v", got, err)
	}
}

// TestReadProxyHeaderLocal reads headers of health checks.
func TestReadProxyHeaderLocal(t *testing.T) {
	for _, sent := range []string{"PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", v2("\x20\x00", ""), v2("\x20\x11", addr4)} {
		all := strings.NewReader(sent + "x")
		if got, err := ReadProxyHeader(all); !errors.Is(err, ErrLocal) || got != (ProxyHeader{Local: true}) || all.Len() != 1 {
			t.Errorf("%q: %v, %v; %d bytes are left", sent, got, err, all.Len())
		}
	}
}

// TestReadProxyHeaderInvalid reads what is no header. It reads no more than it needs to know that.
func TestReadProxyHeaderInvalid(t *testing.T) {
	for sent, most := range map[string]int{
		"":                                       0,
		"hello":                                  13,
		"\r\n\r\nhello":                          13,
		"PROXYX":                                 13,
		"P":                                      1,
		"PROXY TCP4 203.0.113.7":                 22,
		"PROXY TCP4 nonsense 192.0.2.1 1 2\r\n":  35,
		"PROXY TCP4 203.0.113.7 192.0.2.1 1 2\n": 37,
		"PROXY TCP4 203.0.113.7 192.0.2.1 1 2 3\r\n":                          40,
		"PROXY TCP4 203.0.113.7 192.0.2.1 1 2 HTTP/1.1\r\n":                   47,
		"PROXY " + strings.Repeat("x", 10_000):                                longestLine,
		string(signature2) + "\x21\x11\xff\xff" + strings.Repeat("x", 0xffff): fixedHeader,
		v2("\x31\x11", addr4):                                                 fixedHeader + 12, // version 3
		v2("\x21\x31", strings.Repeat("/", 216)):                              fixedHeader + 216,
		v2("\x21\x12", addr4):                                                 fixedHeader + 12, // UDP
		v2("\x21\x00", ""):                                                    fixedHeader,
		v2("\x21\x11", addr4[:8]):                                             fixedHeader + 8,
	} {
		all := strings.NewReader(sent)
		if got, err := ReadProxyHeader(all); err == nil || errors.Is(err, ErrLocal) || got != (ProxyHeader{}) {
			t.Errorf("%q: %v, %v", sent, got, err)
		}
		if read := len(sent) - all.Len(); read > most {
			t.Errorf("%q: %d bytes are read", sent, read)
		}
	}
	slow := io.MultiReader(strings.NewReader("h"), iotest.ErrReader(errors.New("it reads after h")))
	if _, err := ReadProxyHeader(slow); !errors.Is(err, ErrNoHeader) {
		t.Errorf("the error is %v", err)
	}
}

// FuzzReadProxyHeader checks that a header is read alike in one piece and byte by byte, that no more
// than its bytes are read, and that they have an address.
func FuzzReadProxyHeader(f *testing.F) {
	for _, s := range []string{"PROXY TCP4 203.0.113.7 192.0.2.1 12345 4000\r\nGET", "PROXY UNKNOWN\r\n", v2("\x21\x21", addr6) + "x", v2("\x20\x00", ""), v2("\x21\x11", addr4+sslField(1, tls13)) + "x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		all, slowly := bytes.NewReader(sent), bytes.NewReader(sent)
		got, err := ReadProxyHeader(all)
		again, err2 := ReadProxyHeader(iotest.OneByteReader(slowly))
		if got.From.String() != again.From.String() || got.TLS != again.TLS || (err == nil) != (err2 == nil) || err == nil && all.Len() != slowly.Len() {
			t.Fatalf("in one piece %v, %v and byte by byte %v, %v", got, err, again, err2)
		}
		if err == nil && len(got.From.IP) == 0 {
			t.Fatalf("the address is %v", got.From)
		}
		if got.TLS && !bytes.HasPrefix(sent, signature2) {
			t.Fatal("version 1 says that the client uses TLS")
		}
		if read := len(sent) - all.Len(); read > fixedHeader+longestRest {
			t.Fatalf("%d bytes are read", read)
		}
	})
}
