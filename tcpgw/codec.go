package tcpgw

import (
	"partyline/hub"
	"partyline/hub/wire"
)

// text and object frame an event as lines, each ended by LF.
type (
	text   struct{}
	object struct{}
)

var (
	_ hub.Codec = text{}
	_ hub.Codec = object{}
)

func (text) Append(dst []byte, e wire.Event) []byte { return endLine(dst, e.AppendText(dst)) }

func (object) Append(dst []byte, e wire.Event) []byte { return endLine(dst, e.AppendJSON(dst)) }

func endLine(before, after []byte) []byte {
	if len(after) == len(before) {
		return after
	}
	return append(after, '\n')
}
