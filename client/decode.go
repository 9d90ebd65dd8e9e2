package client

import (
	"encoding/json"
	"time"

	"partyline/hub/wire"
)

// An object is any event or answer of the server: the fields of all types together.
type object struct {
	Type string `json:"type"`
	Ref  string `json:"ref"`
	Key  string `json:"key"`
	ID   int64  `json:"id"`
	said
	absent
	answer
	ending

	Code    wire.Code   `json:"code"` // of an error or a notice
	Message string      `json:"message"`
	Number  int64       `json:"number"` // of an ack for several texts, as IDs and Errors
	IDs     []int64     `json:"ids"`
	Errors  []textError `json:"errors"`
	Arrived int         `json:"arrived"` // of a presence batch
	Left    int         `json:"left"`
}

// said has the fields of messages and of presence.
type said struct {
	At     time.Time `json:"at"`
	Room   string    `json:"room"`
	Nick   string    `json:"nick"`
	From   string    `json:"from"`
	To     string    `json:"to"`
	Via    string    `json:"via"`
	Text   string    `json:"text"`
	Stored *bool     `json:"stored"`
}

// absent has the fields of a gap.
type absent struct {
	After  int64  `json:"after"`
	Before int64  `json:"before"`
	Missed *int64 `json:"missed"`
	Lost   bool   `json:"lost"`
}

// answer has the fields of a welcome and of other answers.
type answer struct {
	Members  []Member  `json:"members"`
	Rooms    []Room    `json:"rooms"`
	Messages []*object `json:"messages"`
	More     bool      `json:"more"`
	Count    int       `json:"count"`
	Last     int64     `json:"last"`
	Token    string    `json:"token"`
	Resumed  bool      `json:"resumed"`
	Server   struct {
		Version string `json:"version"`
		limits
	} `json:"server"`
}

// ending has the fields of a bye.
type ending struct {
	Reason    string `json:"reason"`
	Reconnect bool   `json:"reconnect"`
	AfterMS   int64  `json:"after_ms"`
}

// decode decodes a line of the server. The strings of the object are clean.
func decode(line []byte) (*object, error) {
	o := new(object)
	if err := o.decode(line); err != nil {
		return nil, err
	}
	return o, nil
}

// decode decodes a line of the server into o. The strings of o are clean, and share no memory with the line.
func (o *object) decode(line []byte) error {
	*o = object{}
	if o.scan(line) {
		if !isASCII(line) {
			o.clean()
		}
		return nil
	}
	*o = object{}
	if err := json.Unmarshal(line, o); err != nil {
		return err
	}
	o.clean()
	return nil
}

// message returns an object of type message or action.
func (o *object) message() *Message {
	return &Message{
		ID: o.ID, At: o.At, Room: o.Room, From: o.From, Via: o.Via, Text: o.Text,
		Action: o.Type == "action", Unstored: o.Stored != nil && !*o.Stored,
	}
}

// messages returns the messages of a history or search answer.
func (o *object) messages() []*Message {
	list := make([]*Message, 0, len(o.Messages))
	for _, m := range o.Messages {
		if m != nil {
			list = append(list, m.message())
		}
	}
	return list
}

// welcome returns an object of type welcome, without its ref and its token, which are the client's.
func (o *object) welcome() *Welcome {
	return &Welcome{Room: o.Room, Nick: o.Nick, Resumed: o.Resumed, Occupants: o.Members, Count: o.Count, Last: o.Last, Version: o.Server.Version}
}

func (o *object) gap() *Gap {
	g := &Gap{After: o.After, Before: o.Before, Missed: -1, Lost: o.Lost}
	if o.Missed != nil {
		g.Missed = *o.Missed
	}
	return g
}

func (o *object) refusal() *Error {
	return &Error{Code: o.Code, Message: o.Message, Ref: o.Ref, Key: o.Key}
}

// failure returns the error of an answer, or nil.
func (o *object) failure() error {
	if o.Type == "error" {
		return o.refusal()
	}
	return nil
}

// farewell returns the error that ends a link after a bye.
func (o *object) farewell() error {
	if o.Reconnect {
		return &restart{o.Reason, time.Duration(min(max(o.AfterMS, 0), maxAfterMS)) * time.Millisecond}
	}
	return &ByeError{o.Reason}
}

// event returns an event that changes nothing in the client, or nil if the type is not known.
func (o *object) event() Event {
	switch o.Type {
	case "private":
		return &Private{At: o.At, From: o.From, To: o.To, Text: o.Text}
	case "join":
		return &Joined{At: o.At, Room: o.Room, Nick: o.Nick, Via: o.Via}
	case "leave":
		return &Left{At: o.At, Room: o.Room, Nick: o.Nick, Text: o.Text}
	case "presence":
		return &Presence{At: o.At, Room: o.Room, Arrived: o.Arrived, Left: o.Left, Count: o.Count}
	case "notice":
		return &Notice{Code: o.Code, Message: o.Message, Ref: o.Ref, Key: o.Key, ID: o.ID}
	case "error":
		return o.refusal()
	}
	return nil
}
