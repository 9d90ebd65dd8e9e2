package tcpgw

import (
	"partyline/hub"
	"partyline/hub/wire"
)

// textCodec and jsonCodec encode an event as lines that end in LF.
type (
	textCodec struct{}
	jsonCodec struct{}
)

var (
	_ hub.Codec = textCodec{}
	_ hub.Codec = jsonCodec{}
)

func (textCodec) Append(dst []byte, e wire.Event) []byte {
	if bye, ok := e.(*wire.Bye); ok {
		e = withHint(bye)
	}
	return endLine(dst, e.AppendText(dst))
}

func (jsonCodec) Append(dst []byte, e wire.Event) []byte { return endLine(dst, e.AppendJSON(dst)) }

// withHint returns a copy of bye whose text also says how to end netcat. Many versions of netcat
// go on waiting for input when the server has closed the connection.
func withHint(bye *wire.Bye) *wire.Bye {
	b := *bye
	b.Text += " (Ctrl-C ends netcat)"
	return &b
}

// endLine appends LF to after, which is before with an event appended. It appends nothing if the
// event has no encoding.
func endLine(before, after []byte) []byte {
	if len(after) == len(before) {
		return after
	}
	return append(after, '\n')
}
