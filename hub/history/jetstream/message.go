package jetstream

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"unicode/utf8"

	"github.com/nats-io/nats.go"

	"partyline/hub/history"
	"partyline/hub/names"
	"partyline/hub/wire"
)

// originHeader is the header of a message that says which call of Append it comes from.
const originHeader = "Partyline-Origin"

// The headers of an imported message: its id, and its time in milliseconds since 1970.
const (
	idHeader   = "Partyline-Id"
	timeHeader = "Partyline-Time"
)

// PartitionOf returns the partition of a room. It must never change: a room would lose its history.
func PartitionOf(room string, partitions int) int {
	h := fnv.New32a()
	h.Write([]byte(room))
	return int(h.Sum32() % uint32(partitions))
}

// A payload is what a message in the stream has, as JSON. Servers ignore fields that they do not know.
type payload struct {
	From   string `json:"from"`
	Via    string `json:"via,omitempty"`
	Text   string `json:"text"`
	Action bool   `json:"action,omitempty"`
	Key    string `json:"key,omitempty"` // for copies of the history; the stream has its hash as the Nats-Msg-Id
}

// encode returns the payload of a message with a key, or "". The stream gives it its id and its time, and the subject
// has its room.
func encode(m *wire.Message, key string) []byte {
	b := make([]byte, 0, len(m.Text)+len(m.From)+len(m.Via)+len(key)+64)
	b = wire.AppendQuoted(append(b, fromField...), m.From)
	if m.Via != "" {
		b = wire.AppendQuoted(append(b, viaField...), m.Via)
	}
	b = wire.AppendQuoted(append(b, textField...), m.Text)
	if m.Action {
		b = append(b, actionField...)
	}
	if key != "" {
		b = wire.AppendQuoted(append(b, keyField...), key)
	}
	return append(b, '}')
}

// The fields of a payload as encode writes them, before their values.
const (
	fromField   = `{"from":`
	viaField    = `,"via":`
	textField   = `,"text":`
	actionField = `,"action":true`
	keyField    = `,"key":`
)

// parsePayload is json.Unmarshal for what encode writes, and several times as fast. ok is false for anything else, and for texts
// with escapes.
func parsePayload(data string) (p payload, ok bool) {
	rest := data
	cut := func(field string, value *string) bool {
		after, found := strings.CutPrefix(rest, field)
		if found {
			*value, rest, found = wire.CutString(after)
		}
		return found
	}
	if !cut(fromField, &p.From) {
		return p, false
	}
	cut(viaField, &p.Via)
	if !cut(textField, &p.Text) {
		return p, false
	}
	rest, p.Action = strings.CutPrefix(rest, actionField)
	cut(keyField, &p.Key)
	return p, rest == "}"
}

// messageID returns the Nats-Msg-Id of a message with a key. It has a limited length and no character that a header
// can't have.
func messageID(room, key string) string {
	sum := sha256.Sum256([]byte(room + "\x00" + key)) // no name of a room has a NUL
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// decode returns the message of a room, which is the end of its subject, and of a payload, and its key. The caller sets ID
// and At. The error says what no server would have published.
func decode(room string, data []byte) (_ *wire.Message, key string, _ error) {
	if name, err := names.Room(room); err != nil || name != room {
		return nil, "", fmt.Errorf("%q is not a room", wire.CleanLine(room))
	}
	if !utf8.Valid(data) { // encoding/json would replace it
		return nil, "", errors.New("the payload is not valid UTF-8")
	}
	p, ok := parsePayload(string(data))
	if !ok {
		p = payload{}
		if err := json.Unmarshal(data, &p); err != nil {
			return nil, "", fmt.Errorf("the payload is not JSON: %s", wire.CleanLine(err.Error()))
		}
	}
	m := &wire.Message{Room: room, From: p.From, Via: p.Via, Text: p.Text, Action: p.Action}
	if p.Key != "" {
		if err := history.CheckKey(p.Key); err != nil {
			return nil, "", err
		}
	}
	return m, p.Key, m.Check()
}

// header returns the headers of a publication.
func header(origin, messageID string) nats.Header {
	return nats.Header{originHeader: {origin}, nats.MsgIdHdr: {messageID}}
}
