package harness

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"
)

// Recorder is a client that keeps all bytes that it receives and parses them at the end of the test. It uses so
// little CPU time that many of them keep up with a server in the same process.
type Recorder struct {
	Conn    *net.TCPConn
	WS      bool
	JSON    bool
	Discard bool   // discard what is read instead of keeping it in Log
	Log     []byte // the bytes received so far
}

// DialRecorder connects and waits for the welcome.
func DialRecorder(t *testing.T, s *Server, ws, json bool) *Recorder {
	t.Helper()
	r := &Recorder{WS: ws, JSON: json}
	if !ws {
		r.Conn = Dial(t, s.TCP)
		if json {
			r.Say(t, "/format json")
		}
	} else {
		protocol := "partyline.text.v1"
		if json {
			protocol = "partyline.json.v1"
		}
		r.Conn = DialUpgrade(t, s.HTTP, "/ws", protocol)
	}
	welcome := "* You are "
	if json {
		welcome = `"type":"welcome"`
	}
	r.ReadUntil(t, Counter(welcome), 1)
	return r
}

// Say sends a line of text, in the client's format.
func (r *Recorder) Say(t *testing.T, text string) {
	line := []byte(text)
	if r.JSON && !strings.HasPrefix(text, "/") {
		line, _ = json.Marshal(map[string]string{"type": "say", "text": text})
	}
	switch {
	case !r.WS:
		line = append(line, '\n')
	case len(line) < 126:
		line = append([]byte{0x81, 0x80 | byte(len(line)), 0, 0, 0, 0}, line...) // masked with zeros
	default:
		header := binary.BigEndian.AppendUint16([]byte{0x81, 0x80 | 126}, uint16(len(line)))
		line = append(append(header, 0, 0, 0, 0), line...)
	}
	if _, err := r.Conn.Write(line); err != nil {
		t.Error(err)
	}
}

// ReadUntil reads until count, which it calls with each part that it reads, returns at least want. It
// reports whether that succeeded.
func (r *Recorder) ReadUntil(t *testing.T, count func(part []byte) int, want int) bool {
	t.Helper()
	r.Conn.SetReadDeadline(time.Now().Add(4 * Patience))
	buf := make([]byte, 64<<10)
	for got := count(nil); got < want; {
		n, err := r.Conn.Read(buf)
		if !r.Discard {
			r.Log = append(r.Log, buf[:n]...)
		}
		if got = count(buf[:n]); err != nil {
			t.Errorf("read %d of %d: %v", got, want, err)
			return false
		}
	}
	return true
}

// Counter returns a function that counts mark in a stream. Each call passes the next part of the stream, and
// returns the count so far.
func Counter(mark string) func(part []byte) int {
	n := 0
	var last []byte // the end of the stream so far, since a mark may span two parts
	return func(part []byte) int {
		edge := append(last, part[:min(len(mark)-1, len(part))]...)
		n += bytes.Count(edge, []byte(mark)) + bytes.Count(part, []byte(mark))
		if len(part) < len(mark)-1 {
			part = edge
		}
		last = bytes.Clone(part[max(len(part)-len(mark)+1, 0):])
		return n
	}
}

// Messages returns the messages and the gap notices in the log. A gap notice has no id.
func (r *Recorder) Messages(t *testing.T) (all []Message) {
	t.Helper()
	for _, text := range r.Frames(t) {
		if !r.JSON {
			if strings.HasPrefix(text, "-- ") {
				all = append(all, Message{Text: text})
			} else if name, said, ok := strings.Cut(text, ": "); ok && !strings.Contains(name, " ") {
				all = append(all, Message{Text: said})
			}
			continue
		}
		var e Event
		if !strings.HasPrefix(text, "{") {
			continue // text from before the change of format
		}
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if e.Type == "message" {
			all = append(all, Message{e.ID, e.Text})
		} else if e.Type == "gap" {
			all = append(all, Message{Text: text})
		}
	}
	return all
}

// Frames returns the lines, or the payloads of the frames, of the log.
func (r *Recorder) Frames(t *testing.T) (all []string) {
	t.Helper()
	log := r.Log
	if !r.WS {
		return strings.Split(string(log), "\n")
	}
	_, log, _ = bytes.Cut(log, []byte("\r\n\r\n"))
	for len(log) >= 2 {
		opcode, size, header := log[0], int(log[1]), 2
		if size == 126 && len(log) >= 4 {
			size, header = int(binary.BigEndian.Uint16(log[2:])), 4
		}
		if len(log) < header+size {
			break
		}
		switch opcode {
		case 0x81:
			all = append(all, string(log[header:header+size]))
		case 0x89: // a ping
		default:
			t.Fatalf("frame starts with %#x", opcode)
		}
		log = log[header+size:]
	}
	return all
}
