//go:build linux

package load

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"

	"golang.org/x/sys/unix"
)

// dialers is the number of connections that are opened at the same time.
const dialers = 64

// A target is the server that members connect to.
type target struct {
	tcp  *net.TCPAddr
	ws   *net.TCPAddr
	host string // of the URL, for the Host field
	path string
	tls  bool // over TCP
}

func (p *Plan) target() (t target, err error) {
	t.tls = p.TLS
	if p.Addr != "" {
		if t.tcp, err = p.resolve(p.Addr); err != nil {
			return t, err
		}
	}
	if p.URL != "" {
		u, err := url.Parse(p.URL)
		if err != nil {
			return t, err
		}
		if u.Scheme != "ws" && u.Scheme != "http" {
			return t, fmt.Errorf("--url %s: the scheme must be ws or http", p.URL)
		}
		host := u.Host
		if u.Port() == "" {
			host = net.JoinHostPort(u.Hostname(), "80")
		}
		t.host, t.path = u.Host, u.EscapedPath()
		if t.path == "" {
			t.path = "/ws"
		}
		if t.ws, err = p.resolve(host); err != nil {
			return t, err
		}
	}
	return t, nil
}

// resolve resolves HOST:PORT. Unless the plan allows another machine, it returns an error if
// the address is not a loopback address.
func (p *Plan) resolve(addr string) (*net.TCPAddr, error) {
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, err
	}
	if a.IP == nil {
		a.IP = net.IPv4(127, 0, 0, 1)
	}
	if !p.AllowRemote && !a.IP.IsLoopback() {
		return nil, fmt.Errorf("%s is not a loopback address", addr)
	}
	return a, nil
}

// sockaddr returns the address for system calls, and its family.
func sockaddr(a *net.TCPAddr) (unix.Sockaddr, int) {
	if ip := a.IP.To4(); ip != nil {
		return &unix.SockaddrInet4{Port: a.Port, Addr: [4]byte(ip)}, unix.AF_INET
	}
	return &unix.SockaddrInet6{Port: a.Port, Addr: [16]byte(a.IP.To16())}, unix.AF_INET6
}

// dial opens a member's connection and sends its handshake or its first commands. It reads
// nothing after the response to a handshake. The member's fd is then non-blocking.
func (t *target) dial(m *member) error {
	addr := t.tcp
	if m.codec.ws {
		addr = t.ws
	}
	to, family := sockaddr(addr)
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	m.fd = fd
	limit := unix.NsecToTimeval(stallTimeout.Nanoseconds())
	err = errors.Join(
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
	)
	if err == nil {
		err = os.NewSyscallError("connect", connect(fd, to))
	}
	switch {
	case err != nil:
	case m.codec.ws:
		err = t.handshake(m)
	case t.tls:
		err = m.startTLS()
	default:
		err = writeAll(fd, m.opening())
	}
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		unix.Close(fd)
		m.fd = -1
	}
	return err
}

func connect(fd int, to unix.Sockaddr) error {
	for {
		if err := unix.Connect(fd, to); err != unix.EINTR {
			return err
		}
	}
}

// opening returns the commands that a member over TCP sends first.
func (m *member) opening() (b []byte) {
	if m.roomName != lobby {
		b = fmt.Appendf(b, "/join %s\n", m.roomName)
	}
	if m.codec.format == JSON {
		b = append(b, "/format json\n"...)
	}
	return b
}

// handshake opens the WebSocket (RFC 6455 section 4). It reads no byte after the server's
// response.
func (t *target) handshake(m *member) error {
	request := fmt.Sprintf("GET %s?room=%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cGFydHlsaW5lIGJlbmNoIQ==\r\nSec-WebSocket-Protocol: partyline.%s.v1\r\n\r\n",
		t.path, url.QueryEscape(m.roomName), t.host, m.codec.format)
	if err := writeAll(m.fd, []byte(request)); err != nil {
		return err
	}
	var response []byte
	buf := make([]byte, 1024)
	for !bytes.HasSuffix(response, []byte("\r\n\r\n")) {
		n, _, err := unix.Recvfrom(m.fd, buf, unix.MSG_PEEK)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return os.NewSyscallError("read", err)
		case n == 0 || len(response) > 16<<10:
			return fmt.Errorf("incomplete response to the WebSocket handshake: %q", response)
		}
		seen := len(response)
		response = append(response, buf[:n]...)
		if i := bytes.Index(response[max(seen-3, 0):], []byte("\r\n\r\n")); i >= 0 {
			response = response[:max(seen-3, 0)+i+4]
		}
		if _, err := unix.Read(m.fd, buf[:len(response)-seen]); err != nil { // consumes what was peeked at
			return os.NewSyscallError("read", err)
		}
	}
	if status, _, _ := bytes.Cut(response, []byte("\r\n")); !bytes.HasPrefix(status, []byte("HTTP/1.1 101")) {
		return fmt.Errorf("WebSocket handshake: %s", status)
	}
	return nil
}

func writeAll(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return os.NewSyscallError("write", err)
		}
		b = b[n:]
	}
	return nil
}
