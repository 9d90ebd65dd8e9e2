package socket

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/pires/go-proxyproto"
	"github.com/pires/go-proxyproto/tlvparse"
)

// The length of a PROXY header in bytes.
const (
	shortestHeader = 13      // less than any header of version 1 has, and all signatures differ by then
	longestLine    = 107     // of version 1
	fixedHeader    = 16      // of version 2: the part before the addresses, which has the length of the rest
	longestRest    = 4 << 10 // of version 2: enough for the addresses, and for the fields that proxies add
)

// The first bytes of a PROXY header of version 1 and of version 2.
var (
	signature1 = []byte("PROXY ")
	signature2 = []byte("\r\n\r\n\x00\r\nQUIT\n")
)

// ErrLocal is the error for a PROXY header without a client: LOCAL in version 2, UNKNOWN in version
// 1. Proxies send such headers in health checks.
var ErrLocal = errors.New("the proxy connects for itself")

// ErrNoHeader is the error for a stream that does not start with a PROXY header.
var ErrNoHeader = errors.New("no PROXY header")

// A ProxyHeader is what a PROXY header says about the client. It is zero if there is no header.
type ProxyHeader struct {
	From  *net.TCPAddr // the client's address; nil if Local
	TLS   bool         // the client uses TLS, which the proxy ends; only a field of version 2 says so
	Local bool         // the header names no client, as in ErrLocal
}

// client returns the client's address, or nil if the header names none, and whether the client uses
// TLS. It returns false if there is no header.
func (h ProxyHeader) client() (addr net.Addr, usesTLS, ok bool) {
	if h.From != nil {
		addr = h.From
	}
	return addr, h.TLS, h.From != nil || h.Local
}

// ReadProxyHeader reads a header of the PROXY protocol, version 1 or 2. It reads no byte after the
// header. A header of version 2 may have 4 KiB after its first 16 bytes. If the first bytes show that
// there is no header, it returns ErrNoHeader without reading more. An address that is not TCP, such as
// a unix socket's, is an error, since no limit applies to such an address. The caller sets a
// deadline.
//
// The specification is https://www.haproxy.org/download/3.4/doc/proxy-protocol.txt.
func ReadProxyHeader(r io.Reader) (ProxyHeader, error) {
	raw, err := readRawHeader(r)
	if err != nil {
		return ProxyHeader{}, err
	}
	header, err := proxyproto.Read(bufio.NewReaderSize(bytes.NewReader(raw), len(raw)))
	if err != nil {
		return ProxyHeader{}, err
	}
	if header.Command.IsLocal() {
		return ProxyHeader{Local: true}, ErrLocal
	}
	from, ok := header.SourceAddr.(*net.TCPAddr)
	if !ok {
		return ProxyHeader{}, fmt.Errorf("an address of the network %s, not tcp", header.SourceAddr.Network())
	}
	return ProxyHeader{From: from, TLS: endsTLS(header)}, nil
}

// endsTLS reports whether a header has a valid field that says that the client uses TLS to the proxy.
func endsTLS(header *proxyproto.Header) bool {
	fields, err := header.TLVs()
	if err != nil {
		return false
	}
	ssl, _ := tlvparse.FindSSL(fields)
	return ssl.ClientSSL()
}

// readRawHeader reads the bytes of a PROXY header.
func readRawHeader(r io.Reader) ([]byte, error) {
	raw := make([]byte, shortestHeader, longestLine)
	for n := 0; n < len(raw); {
		more, err := r.Read(raw[n:])
		n += more
		if !startsAs(raw[:n], signature1) && !startsAs(raw[:n], signature2) {
			return nil, ErrNoHeader
		}
		if err != nil && n < len(raw) {
			return nil, err
		}
	}
	if bytes.HasPrefix(raw, signature1) {
		for raw[len(raw)-1] != '\n' && len(raw) < longestLine {
			raw = append(raw, 0)
			if _, err := io.ReadFull(r, raw[len(raw)-1:]); err != nil {
				return nil, err
			}
		}
		return raw, nil
	}
	raw = raw[:fixedHeader]
	if _, err := io.ReadFull(r, raw[shortestHeader:]); err != nil {
		return nil, err
	}
	rest := int(binary.BigEndian.Uint16(raw[fixedHeader-2:]))
	if rest > longestRest {
		return nil, fmt.Errorf("a PROXY header of %d bytes", fixedHeader+rest)
	}
	raw = append(raw, make([]byte, rest)...)
	_, err := io.ReadFull(r, raw[fixedHeader:])
	return raw, err
}

// startsAs reports whether b and signature are equal as far as both go.
func startsAs(b, signature []byte) bool {
	n := min(len(b), len(signature))
	return bytes.Equal(b[:n], signature[:n])
}
