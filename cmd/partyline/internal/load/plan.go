//go:build linux

package load

import (
	"errors"
	"fmt"
	"time"
)

// Format is one of the two formats of the wire.
type Format string

// The formats.
const (
	Text Format = "text"
	JSON Format = "json"
)

// A Plan is the work of one run.
type Plan struct {
	TCP       int    `json:"tcp"`              // members that read, over TCP
	WS        int    `json:"ws"`               // and over WebSocket
	TCPFormat Format `json:"tcp_format"`       // what those over TCP hear and say
	WSFormat  Format `json:"websocket_format"` // what those over WebSocket do
	Stuck     int    `json:"stuck"`            // further members, who never read
	Rooms     int    `json:"rooms"`            // over which the members are spread
	Room      string `json:"room,omitempty"`   // the room, or with several the start of their names; "" for the lobby

	Talkers  int           `json:"talkers"`            // of the members that read
	Window   int           `json:"window,omitempty"`   // closed loop: messages of a talker that are on the way
	Rate     float64       `json:"rate,omitempty"`     // paced: messages a second in all; 0 for the closed loop
	Size     int           `json:"size"`               // bytes of a message's text
	Warmup   time.Duration `json:"warmup,omitempty"`   // talk before what is measured
	For      time.Duration `json:"for,omitempty"`      // how long is measured
	Messages int64         `json:"messages,omitempty"` // or how much: that many messages, until all are heard
	Settle   time.Duration `json:"settle,omitempty"`   // quiet before the idle memory is looked at

	Addr string `json:"addr,omitempty"` // of the TCP door
	URL  string `json:"url,omitempty"`  // of the WebSocket, ws://HOST:PORT/ws
	Away bool   `json:"-"`              // they may be on another machine
}

const (
	maxTalkers = 1 << 12
	maxSize    = 4000 // within the server's default bounds of a line
	tries      = 10 * time.Second
)

// Check says in the words of the command line what is wrong with the plan. The addresses
// may be missing still.
func (p *Plan) Check() error {
	formats := map[Format]bool{Text: true, JSON: true}
	switch n := p.TCP + p.WS; {
	case p.TCP < 0 || p.WS < 0 || p.Stuck < 0:
		return errors.New("there are no fewer than 0 members")
	case n == 0:
		return errors.New("nobody listens: give --tcp or --ws a number of members")
	case !formats[p.TCPFormat] || !formats[p.WSFormat]:
		return errors.New("--format is text or json, or two of them: TCP's and WebSocket's")
	case p.Rooms < 1 || p.Rooms > n:
		return fmt.Errorf("--rooms is not within 1 and %d, the number of members", n)
	case p.Talkers < 0 || p.Talkers > min(n, maxTalkers):
		return fmt.Errorf("--talkers is not within 0 and %d", min(n, maxTalkers))
	case p.Rate < 0:
		return errors.New("--rate is below 0")
	case p.Rate == 0 && p.Window < 1:
		return errors.New("--window is below 1")
	case p.Size < headerSize || p.Size > maxSize:
		return fmt.Errorf("--size is not within %d and %d", headerSize, maxSize)
	case p.Messages < 0:
		return errors.New("--messages is below 0")
	case p.Messages == 0 && p.For <= 0:
		return errors.New("--for is not above 0")
	case p.Messages > 0 && p.Talkers == 0:
		return errors.New("--messages without --talkers: nobody says them")
	}
	return nil
}

// sampling returns n where the latency of one delivery in n is taken.
func (p *Plan) sampling() uint32 {
	if p.Rate > 0 {
		return 1
	}
	return 16
}

// roomName returns the name of one of the rooms.
func (p *Plan) roomName(i int) string {
	switch {
	case p.Rooms > 1 && p.Room == "":
		return fmt.Sprintf("bench-%d", i)
	case p.Rooms > 1:
		return fmt.Sprintf("%s-%d", p.Room, i)
	}
	return p.Room
}
