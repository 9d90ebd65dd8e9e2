//go:build linux

package load

import (
	"errors"
	"fmt"
	"time"
)

// Format is the format of what members send and receive.
type Format string

// The formats of the protocol.
const (
	Text Format = "text"
	JSON Format = "json"
)

// A Plan is the work of one run.
type Plan struct {
	TCP       int    `json:"tcp"`              // members that read over TCP
	TLS       bool   `json:"tls,omitempty"`    // the members over TCP use TLS, and trust any certificate
	WS        int    `json:"ws"`               // members that read over WebSocket
	TCPFormat Format `json:"tcp_format"`       // of the members over TCP
	WSFormat  Format `json:"websocket_format"` // of the members over WebSocket
	Stuck     int    `json:"stuck"`            // additional members, which never read
	Rooms     int    `json:"rooms"`            // the members are spread evenly over the rooms
	Room      string `json:"room,omitempty"`   // the name of the room, or the prefix of the names of several; "" is the lobby

	Talkers  int           `json:"talkers"`            // how many of the members that read also send
	Window   int           `json:"window,omitempty"`   // closed loop: messages of a talker that are in transit
	Rate     float64       `json:"rate,omitempty"`     // messages per second of all talkers; 0 is a closed loop
	Size     int           `json:"size"`               // bytes in the text of a message
	Warmup   time.Duration `json:"warmup,omitempty"`   // time of sending before the measured interval
	For      time.Duration `json:"for,omitempty"`      // the measured interval, if Messages is 0
	Messages int64         `json:"messages,omitempty"` // measure until that many messages are sent and delivered
	Settle   time.Duration `json:"settle,omitempty"`   // idle time before the idle memory is measured

	Addr        string `json:"addr,omitempty"` // HOST:PORT of the server's TCP listener
	URL         string `json:"url,omitempty"`  // of its WebSocket, ws://HOST:PORT/ws
	AllowRemote bool   `json:"-"`              // Addr and URL may be on another machine
}

const (
	maxTalkers = 1 << 12
	maxSize    = 4000 // fits the server's default limit of a line
)

// Check returns an error that names a flag of the command line if the plan is not valid. It
// does not check the addresses.
func (p *Plan) Check() error {
	formats := map[Format]bool{Text: true, JSON: true}
	switch n := p.TCP + p.WS; {
	case p.TCP < 0 || p.WS < 0 || p.Stuck < 0:
		return errors.New("--tcp, --ws, and --stuck must be at least 0")
	case n == 0:
		return errors.New("--tcp or --ws must be at least 1: a run needs a member that reads")
	case !formats[p.TCPFormat] || !formats[p.WSFormat]:
		return errors.New("--format must be text, json, or one of them for each transport, as text,json")
	case p.Rooms < 1 || p.Rooms > n:
		return fmt.Errorf("--rooms must be between 1 and %d, the number of members", n)
	case p.Talkers < 0 || p.Talkers > min(n, maxTalkers):
		return fmt.Errorf("--talkers must be between 0 and %d", min(n, maxTalkers))
	case p.Rate < 0:
		return errors.New("--rate must be at least 0")
	case p.Rate == 0 && p.Window < 1:
		return errors.New("--window must be at least 1")
	case p.Size < headerSize || p.Size > maxSize:
		return fmt.Errorf("--size must be between %d and %d", headerSize, maxSize)
	case p.Messages < 0:
		return errors.New("--messages must be at least 0")
	case p.Messages == 0 && p.For <= 0:
		return errors.New("--for must be greater than 0")
	case p.Messages > 0 && p.Talkers == 0:
		return errors.New("--talkers must be at least 1 with --messages")
	}
	return nil
}

// sampling returns n if the latency of one message in n is recorded.
func (p *Plan) sampling() uint32 {
	if p.Rate > 0 {
		return 1
	}
	return 16
}

// roomName returns the name of room i, or "" for the lobby.
func (p *Plan) roomName(i int) string {
	switch {
	case p.Rooms > 1 && p.Room == "":
		return fmt.Sprintf("bench-%d", i)
	case p.Rooms > 1:
		return fmt.Sprintf("%s-%d", p.Room, i)
	}
	return p.Room
}
