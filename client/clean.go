package client

import (
	"strings"

	"partyline/hub/wire"
)

// clean makes the strings of an object safe to show, whatever the server sends. Only what members say may
// have several lines.
func (o *object) clean() {
	o.Text = wire.CleanText(o.Text)
	if o.Type == "leave" {
		o.Text = wire.CleanLine(o.Text)
	}
	code := string(o.Code)
	for _, s := range []*string{
		&o.Type, &o.Ref, &o.Key, &o.Room, &o.Nick, &o.From, &o.To, &o.Via,
		&code, &o.Message, &o.Token, &o.Server.Version, &o.Reason,
	} {
		*s = wire.CleanLine(*s)
	}
	o.Code = wire.Code(code)
	for i, e := range o.Errors {
		o.Errors[i].Error = Error{Code: wire.Code(wire.CleanLine(string(e.Code))), Message: wire.CleanLine(e.Message)}
	}
	for i, m := range o.Members {
		o.Members[i].Nick, o.Members[i].Via = wire.CleanLine(m.Nick), wire.CleanLine(m.Via)
	}
	for i, r := range o.Rooms {
		o.Rooms[i].Room = wire.CleanLine(r.Room)
	}
	for _, m := range o.Messages {
		if m != nil {
			m.clean()
		}
	}
}

// maxErrorText bounds the text of an error that a server may have written, in bytes.
const maxErrorText = 500

// A cleanError is an error with a text that is safe to show.
type cleanError struct {
	text string
	err  error
}

func (e *cleanError) Error() string { return e.text }
func (e *cleanError) Unwrap() error { return e.err }

// cleaned returns err with a text of one line that is safe to show, and not long.
func cleaned(err error) error {
	before := err.Error()
	text := wire.CleanLine(shortened(before))
	if text == before {
		return err
	}
	return &cleanError{text, err}
}

// shortened returns the start of a text.
func shortened(s string) string {
	if len(s) <= maxErrorText {
		return s
	}
	return strings.ToValidUTF8(s[:maxErrorText], "") + "…"
}
