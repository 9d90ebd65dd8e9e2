package tcpgw

import (
	"errors"
	"net"
	"sync"
	"time"

	"partyline/hub/admission"
	"partyline/hub/socket"
)

func (g *Gateway) isProxy(a net.Addr) bool { return admission.Within(g.Proxies, address(a)) }

// acceptProxied reads the PROXY header and admits the client from the address in it.
func (g *Gateway) acceptProxied(c *conn, serving *sync.WaitGroup) {
	if !g.sessionless.add(c) {
		c.Reset()
		return
	}
	from, err := g.readHeader(c)
	if err != nil {
		g.Log.Debug("PROXY header rejected", "transport", "tcp", "addr", c.RemoteAddr(), "err", err)
		if errors.Is(err, socket.ErrLocal) {
			c.Linger(lingerTime)
		} else {
			c.Reset()
		}
		g.sessionless.remove(c)
		return
	}
	g.sessionless.remove(c)
	g.Log.Debug("client address", "transport", "tcp", "addr", from, "source", "PROXY", "proxy", c.RemoteAddr())
	g.admit(c, from, serving)
}

// readHeader reads the PROXY header, within HeaderTimeout, and returns the client's address.
func (g *Gateway) readHeader(c *conn) (net.Addr, error) {
	nc := c.NetConn()
	nc.SetReadDeadline(time.Now().Add(g.HeaderTimeout))
	from, err := socket.ReadProxyHeader(nc)
	if err != nil {
		return nil, err
	}
	return from, nc.SetReadDeadline(time.Time{})
}
