//go:build unix

package talk

import (
	"bufio"
	"encoding/json"
	"maps"
	"net"
	"sync"
	"testing"
)

// An object is a JSON object of the protocol.
type object map[string]any

// A fakeServer is a server that sends what a test wants, to one client after another.
type fakeServer struct {
	addr    string
	welcome object
	answer  func(request object) []object // to requests after the first ones; the ref is added to the first object
	t       *testing.T

	mu   sync.Mutex
	conn net.Conn // the last client that is in the room; nil before
}

// startFake starts a server until the end of the test.
func startFake(t *testing.T, welcome object, answer func(object) []object) *fakeServer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &fakeServer{addr: ln.Addr().String(), welcome: welcome, answer: answer, t: t}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		s.mu.Lock()
		if s.conn != nil {
			s.conn.Close()
		}
		s.mu.Unlock()
		serving.Wait()
	})
	return s
}

// serve answers the requests of a client.
func (s *fakeServer) serve(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		var request object
		if json.Unmarshal(lines.Bytes(), &request) != nil { // the line /format json
			s.mu.Lock()
			s.conn = conn
			s.mu.Unlock()
			s.send(s.welcome)
			continue
		}
		var answers []object
		switch request["type"] {
		case "join", "resume":
			answers = []object{maps.Clone(s.welcome)}
		case "nick":
			answers = []object{{"type": "nick", "nick": s.welcome["nick"], "to": s.welcome["nick"], "room": s.welcome["room"]}}
		default:
			answers = s.answer(request)
		}
		if ref, ok := request["ref"]; ok && len(answers) > 0 {
			answers[0]["ref"] = ref
		}
		s.send(answers...)
	}
}

// send sends objects to the client.
func (s *fakeServer) send(objects ...object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range objects {
		line, err := json.Marshal(o)
		if err != nil {
			s.t.Error(err)
		}
		s.conn.Write(append(line, '\n')) // an error shows on the client's screen
	}
}
