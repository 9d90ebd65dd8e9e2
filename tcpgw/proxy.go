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

// headerBuffer is the maximum length of a PROXY header in bytes. It is enough for version 1, and
// for version 2 with the fields that proxies add.
const headerBuffer = 4 << 10

func (g *Gateway) isProxy(a net.Addr) bool { return admission.Within(g.Proxies, address(a)) }

// errLocal is the error for a PROXY header without a client: LOCAL in version 2, UNKNOWN in
// version 1. Proxies send such headers in health checks.
var errLocal = errors.New("the proxy connects for itself")

// acceptProxied reads the PROXY header and admits the client from the address in it.
func (g *Gateway) acceptProxied(c *conn, serving *sync.WaitGroup) {
	if !g.sessionless.add(c) {
		c.Reset()
		return
	}
	rest, from, err := g.readHeader(c)
	if err != nil {
		g.Log.Debug("PROXY header rejected", "transport", "tcp", "addr", c.RemoteAddr(), "err", err)
		if errors.Is(err, errLocal) {
			c.Linger(lingerTime)
		} else {
			c.Reset()
		}
		g.sessionless.remove(c)
		return
	}
	g.sessionless.remove(c)
	g.admit(c, from, rest, serving)
}

// readHeader reads the PROXY header. It returns the client's address in it, and the input that it
// has read after the header. An address that is not TCP, such as a Unix socket's, is an error,
// since no limit applies to such an address.
func (g *Gateway) readHeader(c *conn) (rest []byte, from net.Addr, err error) {
	nc := c.NetConn()
	nc.SetReadDeadline(time.Now().Add(g.HeaderTimeout))
	in := bufio.NewReaderSize(nc, headerBuffer)
	header, err := proxyproto.Read(in)
	if err != nil {
		return nil, nil, err
	}
	if header.Command.IsLocal() {
		return nil, nil, errLocal
	}
	from, ok := header.SourceAddr.(*net.TCPAddr)
	if !ok {
		return nil, nil, fmt.Errorf("not a TCP address: %v", header.SourceAddr)
	}
	rest, _ = in.Peek(in.Buffered())
	return bytes.Clone(rest), from, nc.SetReadDeadline(time.Time{})
}
