// Package tcpgw is the door for whoever has nothing but netcat: lines over TCP.
package tcpgw

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"partyline/hub"
	"partyline/hub/socket"
	"partyline/hub/wire"
)

// A Gateway puts TCP connections on the line.
type Gateway struct {
	Hub     *hub.Hub
	MaxLine int    // bytes in a line of text, as the Hub's
	Web     string // the address of the web page, for browsers that come here; "" if there is none
	Log     *slog.Logger

	// Proxies are networks whose connections begin with a PROXY header (version 1 or 2 of
	// the PROXY protocol), which says for whom they come. One without is closed.
	Proxies []netip.Prefix
	// HeaderTimeout is the time for that header.
	HeaderTimeout time.Duration

	// WriteTimeout is how long a client may take nothing before it is cut; 0 means
	// socket.WriteTimeout.
	WriteTimeout time.Duration

	group   socket.Group
	outside outside
	leaving atomic.Int32 // connections that are turned away and read on
}

// mostLeaving bounds the connections that are turned away and read on for a moment, so that
// what they sent does not make a reset of the end.
const mostLeaving = 64

// Serve lets in whoever connects to ln until ln is closed. Then it closes the connections
// that are not the Hub's, and waits until the others are off the line; ending those is the
// Hub's Shutdown. If the system is short of descriptors or memory, it waits and goes on. It
// returns nil when ln was closed.
func (g *Gateway) Serve(ln net.Listener) error {
	g.group.SetLog(g.Log)
	var served sync.WaitGroup
	defer served.Wait()
	pause := time.Duration(0)
	for {
		c, err := ln.Accept()
		switch {
		case err == nil:
			pause = 0
			g.answer(c, &served)
		case errors.Is(err, net.ErrClosed):
			g.outside.end()
			return nil
		default:
			if pause == 0 {
				g.Log.Error("can't accept connections for now", "door", "tcp", "err", err)
			}
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			time.Sleep(pause)
		}
	}
}

// answer sees to whoever is at the door.
func (g *Gateway) answer(nc net.Conn, served *sync.WaitGroup) {
	c := g.open(nc)
	switch {
	case c == nil:
	case g.fromProxy(nc):
		served.Go(func() { g.ask(c, served) })
	default:
		g.receive(c, nc.RemoteAddr(), nil, served)
	}
}

// receive admits a caller from an address, of which sent has come already, or says why not.
func (g *Gateway) receive(c *conn, from net.Addr, sent []byte, served *sync.WaitGroup) {
	seat, err := g.Hub.Admit(address(from))
	if err != nil {
		g.turnAway(c, from, err, text{}.Append(nil, &wire.Refusal{Message: err.Error()}), served)
		return
	}
	who := caller(from)
	who.Slot = seat
	served.Go(func() { g.await(c, from, who, sent, served) })
}

// await waits for the beginning of the first line, and puts its sender on the line if it is
// a chat client. Like ask it has a goroutine of its own, which ends then.
func (g *Gateway) await(c *conn, from net.Addr, who hub.Caller, sent []byte, served *sync.WaitGroup) {
	if !g.outside.add(c) {
		who.Slot.Leave()
		c.Reset()
		return
	}
	err := c.await(sent)
	g.outside.remove(c)
	var f *foreign
	switch {
	case err == nil:
		served.Go(func() {
			defer who.Slot.Leave()
			g.Hub.Serve(context.Background(), who, c)
		})
		return
	case errors.As(err, &f):
		g.turnAway(c, from, err, f.answer, served)
	default:
		g.Log.Debug("gone before it said anything", "door", "tcp", "addr", from, "err", err)
		c.Reset()
	}
	who.Slot.Leave()
}

// turnAway gives a client an answer and the end, without waiting. If many are turned away at
// once, it reads on from some of them only; of the others it drops what they have sent by now.
func (g *Gateway) turnAway(c *conn, from net.Addr, why error, answer []byte, served *sync.WaitGroup) {
	g.Log.Debug("turned away", "door", "tcp", "addr", from, "why", why)
	c.TryWrite(answer)
	if g.leaving.Add(1) > mostLeaving || !g.outside.add(c) {
		g.leaving.Add(-1)
		c.Dismiss()
		return
	}
	served.Go(func() {
		defer g.leaving.Add(-1)
		defer g.outside.remove(c)
		c.Linger(lingerTime)
	})
}

func address(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr()
}

func caller(from net.Addr) hub.Caller {
	return hub.Caller{
		Via:    "tcp",
		Addr:   from.String(),
		Format: wire.Text,
		Codecs: [2]hub.Codec{wire.Text: text{}, wire.JSON: object{}},
	}
}

// open returns nil, and has closed nc, where it can't be used.
func (g *Gateway) open(nc net.Conn) *conn {
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		g.Log.Error("not a TCP connection", "addr", nc.RemoteAddr())
		nc.Close()
		return nil
	}
	timeout := g.WriteTimeout
	if timeout == 0 {
		timeout = socket.WriteTimeout
	}
	c, err := newConn(tcp, &g.group, g.MaxLine, timeout)
	if err != nil { // the peer is gone again
		tcp.Close()
		return nil
	}
	c.opening.web = g.Web
	return c
}
