package tcpgw

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"partyline/hub/socket"
)

func (g *Gateway) isProxy(a net.Addr) bool { return g.Proxies.Contain(address(a)) }

// acceptProxied reads the PROXY header and admits the client from the address in it. A proxy
// without such a client may only speak HTTP.
func (g *Gateway) acceptProxied(c *conn, serving *sync.WaitGroup) {
	header, early, err := g.readHeader(c)
	switch {
	case err == nil:
		g.Log.Debug("client address", "transport", "tcp", "addr", header.From, "source", "PROXY", "proxy", c.RemoteAddr())
		g.admit(arrival{conn: c, header: header}, serving)
	case g.HTTP != nil && (errors.Is(err, socket.ErrLocal) || errors.Is(err, socket.ErrNoHeader) && g.DirectHTTP):
		g.admit(arrival{conn: c, header: header, early: early, noHeader: err}, serving)
	default:
		g.sessionless.remove(c)
		g.rejectProxy(c, err, serving)
	}
}

// rejectProxy ends the connection of a proxy that has sent no address of a client.
func (g *Gateway) rejectProxy(c *conn, err error, serving *sync.WaitGroup) {
	g.Log.Debug("PROXY header rejected", "transport", "tcp", "addr", c.RemoteAddr(), "err", err)
	if errors.Is(err, socket.ErrLocal) {
		g.drain(c, serving)
	} else {
		c.Reset()
	}
}

// readHeader reads the PROXY header, within HeaderTimeout. If the error is socket.ErrNoHeader, early
// is what was read.
func (g *Gateway) readHeader(c *conn) (header socket.ProxyHeader, early []byte, err error) {
	nc := c.NetConn()
	nc.SetReadDeadline(time.Now().Add(g.HeaderTimeout))
	var read bytes.Buffer
	header, err = socket.ReadProxyHeader(io.TeeReader(nc, &read))
	nc.SetReadDeadline(time.Time{})
	if errors.Is(err, socket.ErrNoHeader) {
		return header, read.Bytes(), err
	}
	return header, nil, err
}
