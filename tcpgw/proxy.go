package tcpgw

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/pires/go-proxyproto"

	"partyline/hub/admission"
)

// headerBuffer has place for the longest PROXY header of version 1, and for one of
// version 2 with what proxies add to it.
const headerBuffer = 4 << 10

// fromProxy reports whether whoever is at the door is a proxy that says for whom it comes.
func (g *Gateway) fromProxy(nc net.Conn) bool {
	return admission.Within(g.Proxies, address(nc.RemoteAddr()))
}

// errLocal says that a proxy came for nobody: to check whether the server is there.
var errLocal = errors.New("a proxy's own connection")

// ask reads a proxy's PROXY header and receives whom it comes for. It has a goroutine of
// its own, which ends then: reading takes more stack than who only listens shall keep.
func (g *Gateway) ask(c *conn, served *sync.WaitGroup) {
	if !g.outside.add(c) {
		c.Reset()
		return
	}
	rest, from, err := g.readHeader(c)
	if err != nil {
		g.Log.Debug("no PROXY header with an address", "door", "tcp", "addr", c.RemoteAddr(), "err", err)
		if errors.Is(err, errLocal) {
			c.Linger(lingerTime)
		} else {
			c.Reset()
		}
		g.outside.remove(c)
		return
	}
	g.outside.remove(c)
	g.receive(c, from, rest, served)
}

// readHeader returns what came after the header, and the client's address in it, or errLocal
// if it is one of a health check: LOCAL in version 2, UNKNOWN in version 1. A client without an
// address of TCP, on a socket of Unix for example, is an error: no limit could be applied to it.
func (g *Gateway) readHeader(c *conn) (rest []byte, from net.Addr, err error) {
	tcp := c.TCP()
	tcp.SetReadDeadline(time.Now().Add(g.HeaderTimeout))
	in := bufio.NewReaderSize(tcp, headerBuffer)
	header, err := proxyproto.Read(in)
	if err != nil {
		return nil, nil, err
	}
	if header.Command.IsLocal() {
		return nil, nil, errLocal
	}
	from, ok := header.SourceAddr.(*net.TCPAddr)
	if !ok {
		return nil, nil, fmt.Errorf("not an address of TCP: %v", header.SourceAddr)
	}
	rest, _ = in.Peek(in.Buffered())
	return bytes.Clone(rest), from, tcp.SetReadDeadline(time.Time{})
}
