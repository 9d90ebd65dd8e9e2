package client

import (
	"cmp"
	"context"
	"errors"
)

// An identity is what a client asks for when it connects.
type identity struct {
	nick, room string // "" for any
	again      bool   // the client has been in a room, so another member may have its name by now
}

// enter enters a room over a new link to t, and returns the welcome to the room. A name that is taken is an
// error only if the client has not been in a room. After an error the link is closed.
func enter(ctx context.Context, l link, t *target, want identity) (*object, error) {
	stop := context.AfterFunc(ctx, l.close)
	w, bad, err := askToEnter(l, want)
	if bad != nil && !(want.again && bad.Code == "nick_taken") {
		err = &DialError{Refused: true, Err: bad}
	}
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		l.close()
		return nil, explain(err, t)
	}
	return w, nil
}

// askToEnter asks for a name and a room, and returns the welcome to the room, and why the server refused
// either.
func askToEnter(l link, want identity) (w *object, bad *Error, err error) {
	const nickRef, roomRef = "nick", "enter"
	var lines [][]byte
	if want.nick != "" {
		lines = append(lines, encode(map[string]string{"type": "nick", "nick": want.nick, "ref": nickRef}))
	}
	lines = append(lines, encode(map[string]string{"type": "join", "room": cmp.Or(want.room, "lobby"), "ref": roomRef}))
	if err := l.write(lines); err != nil {
		return nil, nil, err
	}
	for first := true; ; first = false {
		line, err := l.read()
		if err != nil {
			return nil, nil, err
		}
		o, err := decode(line)
		switch {
		case err != nil:
			return nil, nil, err
		case first && o.Type != "welcome":
			return nil, nil, &DialError{Err: errors.New("it sent no welcome"), Hint: "is it partyline?"}
		case o.Type == "error" && o.Ref == nickRef:
			bad = o.refusal()
		case o.Type == "error" && o.Ref == roomRef:
			return nil, o.refusal(), nil
		case o.Type == "welcome" && o.Ref == roomRef:
			return o, bad, nil
		}
	}
}
