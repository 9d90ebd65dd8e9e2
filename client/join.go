package client

import (
	"cmp"
	"context"
	"strings"
)

// join opens a link to t and enters a room. It returns the welcome to the room. A name that is taken is
// an error only if the client has not been in a room.
func (d *dialer) join(ctx context.Context, t *target, want identity) (link, *object, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	l, w, err := d.connect(ctx, t, want)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, l.close)
	var bad *Error
	if _, byFrames := l.(*frameLink); byFrames {
		bad, err = refusedInURL(l, w, want)
	} else if want.nick != "" || want.room != "" {
		w, bad, err = nameAndRoom(l, w, want)
	}
	if bad != nil && !(want.again && bad.Code == "nick_taken") {
		err = &DialError{Refused: true, Err: bad}
	}
	if err == nil && !stop() {
		err = ctx.Err()
	}
	if err != nil {
		l.close()
		return nil, nil, explain(err, t)
	}
	return l, w, nil
}

// refusedInURL returns why the server refused the name or the room in the URL, or nil. It says so right
// after the welcome.
func refusedInURL(l link, w *object, want identity) (*Error, error) {
	refused := want.nick != "" && w.Nick != want.nick && strings.HasPrefix(w.Nick, "guest-") ||
		want.room != "" && w.Room == "lobby" && !strings.EqualFold(want.room, w.Room)
	for refused {
		line, err := l.read()
		if err != nil {
			return nil, err
		}
		o, err := decode(line)
		if err != nil {
			return nil, err
		}
		if o.Type == "error" {
			return o.refusal(), nil
		}
	}
	return nil, nil
}

// nameAndRoom asks for a name and a room, and returns the welcome to the room.
func nameAndRoom(l link, w *object, want identity) (*object, *Error, error) {
	const nickRef, roomRef = "nick", "room"
	var lines [][]byte
	if want.nick != "" {
		lines = append(lines, encode(map[string]string{"type": "nick", "nick": want.nick, "ref": nickRef}))
	}
	room := cmp.Or(want.room, w.Room)
	lines = append(lines, encode(map[string]string{"type": "join", "room": room, "ref": roomRef}))
	if err := l.write(lines); err != nil {
		return nil, nil, err
	}
	var bad *Error
	for {
		line, err := l.read()
		if err != nil {
			return nil, nil, err
		}
		o, err := decode(line)
		switch {
		case err != nil:
			return nil, nil, err
		case o.Type == "error" && o.Ref == nickRef:
			bad = o.refusal()
		case o.Type == "error" && o.Ref == roomRef:
			return nil, o.refusal(), nil
		case o.Type == "welcome" && o.Ref == roomRef:
			return o, bad, nil
		}
	}
}
