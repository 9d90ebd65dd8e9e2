package history

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

	// Of a room. Its ids are above Base, and Last was given. Messages up to Lost may be missing. Nobody knows
	// whether the ids of Jumps were given. The ids up to Sparse were counted in several rooms together, so that
	// those between two messages are not missing.
	Base   int64      `json:"base,omitempty"`
	Last   int64      `json:"last,omitempty"`
	Lost   int64      `json:"lost,omitempty"`
	Jumps  [][2]int64 `json:"jumps,omitempty"`
	Sparse int64      `json:"sparse,omitempty"`

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
	return r, r.Check()
}

// RecordOf returns the Record of a message with a key, or "". Its time has milliseconds, as in the protocol.
func RecordOf(m *wire.Message, key string) *Record {
	r := &Record{Type: RecordMessage, Room: m.Room, ID: m.ID, At: m.At.UTC().Truncate(time.Millisecond), From: m.From, Via: m.Via, Text: m.Text, Key: key}
	if m.Action {
		r.Type = RecordAction
	}
	return r
}

// Message returns the message of a Record of a message or an action.
func (r *Record) Message() *wire.Message {
	return &wire.Message{ID: r.ID, At: r.At, Room: r.Room, From: r.From, Via: r.Via, Text: r.Text, Action: r.Type == RecordAction}
}

// Append appends the record as a line, with its end.
func (r *Record) Append(dst []byte) ([]byte, error) {
	b := bytes.NewBuffer(dst)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	err := e.Encode(r)
	return b.Bytes(), err
}

// MaxID is greater than every id, which JavaScript can represent, and every Seq.
const MaxID = 1 << 53

// Check returns an error if a field that the type needs is invalid.
func (r *Record) Check() error {
	if r.Seq < 0 || r.Seq >= MaxID {
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
		return errors.Join(r.checkID(), CheckKey(r.Key))
	case RecordRoom:
		return r.checkRoom()
	}
	return fmt.Errorf("type %q is unknown", wire.CleanLine(r.Type))
}

func (r *Record) checkID() error {
	if r.ID < 1 || r.ID >= MaxID {
		return fmt.Errorf("id %d is out of range", r.ID)
	}
	if year := r.At.UTC().Year(); r.At.IsZero() || year > 9999 {
		return errors.New("at is missing or out of range")
	}
	return nil
}

func (r *Record) checkMessage() error {
	if err := r.Message().Check(); err != nil || r.Key == "" {
		return err
	}
	return CheckKey(r.Key)
}

// CheckKey returns an error if a key is not one that a message can have.
func CheckKey(key string) error {
	if key == "" || len(key) > wire.MaxToken || !utf8.ValidString(key) || strings.ContainsFunc(key, unicode.IsControl) {
		return fmt.Errorf("key is not 1 to %d bytes without control characters", wire.MaxToken)
	}
	return nil
}

func (r *Record) checkRoom() error {
	if err := inRange("base, last, lost or sparse", r.Base, r.Last, r.Lost, r.Sparse); err != nil {
		return err
	}
	if r.Last < max(r.Base, r.Lost, r.Sparse) {
		return errors.New("last is less than base, lost or sparse")
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
		if n < 0 || n >= MaxID {
			return fmt.Errorf("%s is out of range", what)
		}
	}
	return nil
}
