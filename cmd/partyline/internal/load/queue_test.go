//go:build linux

package load

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gorilla/websocket"
)

// A queueServer is a chat server of the usual kind: each member has a buffered channel and a
// goroutine that writes what it receives from the channel. A message is formatted once. If a
// channel is full, the whole room waits, so that no message is lost.
type queueServer struct {
	mu    sync.Mutex
	rooms map[string]*queueRoom
	names atomic.Int64
}

type queueRoom struct {
	mu      sync.Mutex
	members []*queueMember
}

type queueMember struct {
	name  string
	queue chan []byte
	write func([]byte) error
}

func serveQueues(tcp, site net.Listener) {
	s := &queueServer{rooms: make(map[string]*queueRoom)}
	go http.Serve(site, http.HandlerFunc(s.serveWebSocket))
	for {
		c, err := tcp.Accept()
		if err != nil {
			return
		}
		go s.serveTCP(c)
	}
}

func (s *queueServer) serveTCP(c net.Conn) {
	defer c.Close()
	lines := bufio.NewScanner(c)
	s.serve(lobby, func() ([]byte, error) {
		if !lines.Scan() {
			return nil, net.ErrClosed
		}
		return lines.Bytes(), nil
	}, func(line []byte) error {
		_, err := c.Write(line)
		return err
	})
}

func (s *queueServer) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	u := websocket.Upgrader{Subprotocols: []string{"partyline.text.v1"}}
	c, err := u.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	s.serve(r.URL.Query().Get("room"), func() ([]byte, error) {
		_, message, err := c.ReadMessage()
		return message, err
	}, func(line []byte) error {
		return c.WriteMessage(websocket.TextMessage, line[:len(line)-1])
	})
}

func (s *queueServer) serve(name string, read func() ([]byte, error), write func([]byte) error) {
	m := &queueMember{
		name:  fmt.Sprintf("guest-%04x", s.names.Add(1)),
		queue: make(chan []byte, 256),
		write: write,
	}
	defer close(m.queue)
	go m.writeAll()
	r := s.enter(m, name)
	defer func() { r.leave(m) }()
	for {
		line, err := read()
		if err != nil {
			return
		}
		if room, ok := strings.CutPrefix(string(line), "/join "); ok {
			r.leave(m)
			r = s.enter(m, room)
			continue
		}
		r.broadcast(fmt.Appendf(nil, "%s: %s\n", m.name, line))
	}
}

func (m *queueMember) writeAll() {
	var err error
	for line := range m.queue {
		if err == nil {
			err = m.write(line)
		}
	}
}

func (s *queueServer) enter(m *queueMember, name string) *queueRoom {
	s.mu.Lock()
	r := s.rooms[name]
	if r == nil {
		r = new(queueRoom)
		s.rooms[name] = r
	}
	s.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = append(r.members, m)
	m.queue <- fmt.Appendf(nil, "* You are %s in #%s, (%d here).\n", m.name, name, len(r.members))
	return r
}

func (r *queueRoom) leave(m *queueMember) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = slices.DeleteFunc(r.members, func(o *queueMember) bool { return o == m })
}

func (r *queueRoom) broadcast(line []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.members {
		m.queue <- line
	}
}
