package sqlite

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"partyline/hub/names"
	"partyline/hub/wire"
)

// The types of a Record.
const (
	RecordMessage = "message"
	RecordAction  = "action" // a message said with /me
	RecordKey     = "key"    // the key of a message that is deleted
	RecordRoom    = "room"   // which ids a room has given
	RecordEnd     = "end"    // the end of an export
)

// A Record is a line of an export. Its fields have the names that they have in the protocol.
type Record struct {
	Type string `json:"type"`

	// Seq is the position of a message in the order of all rooms, in which they were stored. That
	// of the end is the last one of the export. It is 0 if it is not known.
	Seq  int64     `json:"seq,omitempty"`
	Room string    `json:"room,omitempty"`
	ID   int64     `json:"id,omitempty"`
	At   time.Time `json:"at,omitzero"` // that of the end is when the history was in use last
	From string    `json:"from,omitempty"`
	Via  string    `json:"via,omitempty"`
	Text string    `json:"text,omitempty"`
	Key  string    `json:"key,omitempty"`

	// Of a room, as in the tables rooms and jumps.
	Base  int64      `json:"base,omitempty"`
	Last  int64      `json:"last,omitempty"`
	Lost  int64      `json:"lost,omitempty"`
	Jumps [][2]int64 `json:"jumps,omitempty"`

	// Of the end: new rooms have ids above Floor, and the others continue above Jump. Open is set
	// if a server may have given ids after the export.
	Floor int64 `json:"floor,omitempty"`
	Jump  int64 `json:"jump,omitempty"`
	Open  bool  `json:"open,omitempty"`
}

// ParseRecord returns the Record of a line of an export. The error is one line that says what is
// wrong.
func ParseRecord(line []byte) (*Record, error) {
	if !utf8.Valid(line) { // encoding/json would replace it
		return nil, errors.New("it is not valid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	r := &Record{}
	if err := d.Decode(r); err != nil {
		return nil, fmt.Errorf("it is not a line of an export: %s", wire.CleanLine(err.Error()))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("it is more than one JSON object")
	}
	return r, r.check()
}

// Append appends the record as a line, with its end.
func (r *Record) Append(dst []byte) ([]byte, error) {
	b := bytes.NewBuffer(dst)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	err := e.Encode(r)
	return b.Bytes(), err
}

// maxID is greater than every id, which JavaScript can represent, and every Seq.
const maxID = 1 << 53

// check returns an error if a field that the type needs is invalid.
func (r *Record) check() error {
	if r.Seq < 0 || r.Seq >= maxID {
		return fmt.Errorf("seq %d is out of range", r.Seq)
	}
	if r.Type == RecordEnd {
		return inRange("floor or jump", r.Floor, r.Jump)
	}
	if name, err := names.Room(r.Room); err != nil || name != r.Room {
		return fmt.Errorf("room %q is not the name of a room", wire.CleanLine(r.Room))
	}
	switch r.Type {
	case RecordMessage, RecordAction:
		return errors.Join(r.checkID(), r.checkMessage())
	case RecordKey:
		return errors.Join(r.checkID(), r.checkKey())
	case RecordRoom:
		return r.checkRoom()
	}
	return fmt.Errorf("type %q is unknown", wire.CleanLine(r.Type))
}

func (r *Record) checkID() error {
	if r.ID < 1 || r.ID >= maxID {
		return fmt.Errorf("id %d is out of range", r.ID)
	}
	if year := r.At.UTC().Year(); r.At.IsZero() || year > 9999 {
		return errors.New("at is missing or out of range")
	}
	return nil
}

func (r *Record) checkMessage() error {
	m := wire.Message{From: r.From, Via: r.Via, Text: r.Text}
	if err := m.Check(); err != nil || r.Key == "" {
		return err
	}
	return r.checkKey()
}

func (r *Record) checkKey() error {
	if r.Key == "" || len(r.Key) > wire.MaxToken || !utf8.ValidString(r.Key) || strings.ContainsFunc(r.Key, unicode.IsControl) {
		return fmt.Errorf("key is not 1 to %d bytes without control characters", wire.MaxToken)
	}
	return nil
}

func (r *Record) checkRoom() error {
	if err := inRange("base, last or lost", r.Base, r.Last, r.Lost); err != nil {
		return err
	}
	if r.Last < r.Base || r.Lost > r.Last {
		return errors.New("last is less than base or lost")
	}
	for _, j := range r.Jumps {
		if j[0] < 1 || j[0] > j[1] || j[1] > r.Last {
			return errors.New("jumps has a range that is not one of the ids of the room")
		}
	}
	return nil
}

func inRange(what string, numbers ...int64) error {
	for _, n := range numbers {
		if n < 0 || n >= maxID {
			return fmt.Errorf("%s is out of range", what)
		}
	}
	return nil
}
