package tcpgw

import (
	"partyline/hub"
	"partyline/hub/wire"
)

// text and object are the Codecs. They encode an event as lines that end in LF.
type (
	text   struct{}
	object struct{}
)

var (
	_ hub.Codec = text{}
	_ hub.Codec = object{}
)

func (text) Append(dst []byte, e wire.Event) []byte {
	if bye, ok := e.(*wire.Bye); ok {
		e = withHint(bye)
	}
	return endLine(dst, e.AppendText(dst))
}

func (object) Append(dst []byte, e wire.Event) []byte { return endLine(dst, e.AppendJSON(dst)) }

// withHint returns a copy of bye whose text also says how to end netcat. Many versions of netcat
// go on waiting for input when the server has closed the connection.
func withHint(bye *wire.Bye) *wire.Bye {
	b := *bye
	b.Text += " (Ctrl-C ends netcat)"
	return &b
}

// endLine appends LF to after unless nothing was appended to before.
func endLine(before, after []byte) []byte {
	if len(after) == len(before) {
		return after
	}
	return append(after, '\n')
}
