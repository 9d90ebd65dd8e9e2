// Package state keeps what the command talk remembers from one run to the next, in two files of the user's
// state directory: the servers, with names, rooms and read positions, and the lines of input.
//
// Several processes may use the directory at once. Only the user can read the files.
package state

import (
	"os"
	"slices"
	"strings"
	"time"
)

// Bounds of what is remembered. When there is more, the oldest is forgotten.
const (
	maxServers   = 100
	maxPositions = 500 // of a server
	maxRooms     = 32  // that are open; a server lets a member into no more
)

// A State is what talk remembers. The zero value remembers nothing.
type State struct {
	Last    string             `json:"last,omitempty"` // the address of the last server; "" for none
	Servers map[string]*Server `json:"servers"`        // by address
}

// A Server is what talk remembers of a server.
type Server struct {
	Used      time.Time  `json:"used"` // the last time that talk was connected to it
	Nick      string     `json:"nick,omitempty"`
	Rooms     []string   `json:"rooms,omitempty"` // those that were open, in order, without #
	Room      string     `json:"room,omitempty"`  // the one of them that was shown last
	Positions []Position `json:"positions,omitempty"`
	Session   *Session   `json:"session,omitempty"` // nil for none
}

// A Position says what a member has read in a room.
type Position struct {
	Nick string `json:"nick,omitempty"` // as the program asked for it; "" for a guest
	Room string `json:"room"`
	ID   int64  `json:"id"` // of the last message; 0 if the room had none
}

// A Session is a membership that talk can resume.
type Session struct {
	Token string    `json:"token"`
	At    time.Time `json:"at"`  // the last time that it was known to be valid
	PID   int       `json:"pid"` // the process that uses it
}

// Find returns the server that was used most recently of those with one of the addresses, and its address. The
// server is nil if there is none.
func (s *State) Find(addresses ...string) (address string, server *Server) {
	for _, a := range addresses {
		if known := s.Servers[a]; known != nil && (server == nil || known.Used.After(server.Used)) {
			address, server = a, known
		}
	}
	return address, server
}

// Use notes that talk is connected to the server at an address, which is now the last one, and returns it.
func (s *State) Use(address string, now time.Time) *Server {
	if s.Servers == nil {
		s.Servers = make(map[string]*Server)
	}
	server := s.Servers[address]
	if server == nil {
		server = new(Server)
		s.Servers[address] = server
	}
	server.Used = now
	s.Last = address
	for len(s.Servers) > maxServers {
		oldest := address
		for a, other := range s.Servers {
			if other.Used.Before(s.Servers[oldest].Used) {
				oldest = a
			}
		}
		delete(s.Servers, oldest)
	}
	return server
}

// Open notes which rooms are open, and which one of them is shown. Of too many it forgets the last ones.
func (s *Server) Open(rooms []string, shown string) {
	s.Rooms, s.Room = rooms[:min(len(rooms), maxRooms)], shown
}

// Position returns the id of the last message that a member has read in a room, and whether it is known.
func (s *Server) Position(nick, room string) (id int64, known bool) {
	if i := s.find(nick, room); i >= 0 {
		return s.Positions[i].ID, true
	}
	return 0, false
}

// Advance notes that a member has read the messages of a room up to an id. An id before the known one changes
// nothing.
func (s *Server) Advance(nick, room string, id int64) {
	p := Position{nick, room, id}
	if i := s.find(nick, room); i >= 0 {
		p.ID = max(id, s.Positions[i].ID)
		s.Positions = slices.Delete(s.Positions, i, i+1)
	}
	s.Positions = append(s.Positions, p)
	s.Positions = s.Positions[max(len(s.Positions)-maxPositions, 0):]
}

// Check notes that the newest message of a room has an id. A position after it is one in a history that the
// server has lost: of the new one the members have read nothing.
func (s *Server) Check(room string, newest int64) {
	for i, p := range s.Positions {
		if strings.EqualFold(p.Room, room) && p.ID > newest {
			s.Positions[i].ID = 0
		}
	}
}

func (s *Server) find(nick, room string) int {
	return slices.IndexFunc(s.Positions, func(p Position) bool {
		return strings.EqualFold(p.Nick, nick) && strings.EqualFold(p.Room, room)
	})
}

// KeepToken notes that this process has a session, which was valid at a time.
func (s *Server) KeepToken(token string, now time.Time) {
	s.Session = &Session{token, now, os.Getpid()}
}

// tokenLife is longer than a server keeps the session of a member that is gone.
const tokenLife = 10 * time.Minute

// TakeToken returns the token of a session that this process may resume, or "", and notes that the process uses
// it. It does not return the token of another process that still runs.
func (s *Server) TakeToken(now time.Time) string {
	session := s.Session
	if session == nil || now.Sub(session.At) > tokenLife || session.PID != os.Getpid() && running(session.PID) {
		return ""
	}
	session.PID = os.Getpid()
	return session.Token
}
