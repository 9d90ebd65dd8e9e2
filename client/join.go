package client

import (
	"context"
	"errors"
	"strings"
	"time"

	"partyline/hub/wire"
)

// An entry is what a client asks for when it connects.
type entry struct {
	identity *identity
	room     string // "" for the room of the token, or else the lobby
	again    bool   // the client has been in a room
}

// An arrival is a link over which a client is in a room.
type arrival struct {
	link
	welcome *object
	early   []object // that came after the welcome, and are not handled
}

// enter enters a room over a new link to t. A name that is taken is an error only if the client is new to
// the server. After an error the link is closed.
func enter(ctx context.Context, l link, t *target, want entry) (*arrival, error) {
	stop := context.AfterFunc(ctx, l.close)
	a, refused, err := resume(l, want)
	isTaken := refused != nil && refused.Code == wire.CodeNickTaken
	if refused != nil && !(isTaken && (want.again || a.welcome.Resumed)) {
		err = &DialError{Refused: true, Err: refused}
		a.leave()
	}
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		l.close()
		return nil, explain(err, t)
	}
	want.identity.granted(a.welcome.Token, a.welcome.Nick, isTaken)
	return a, nil
}

// enterRef is the ref of the request with which a client enters, and fenceRef that of one after it.
const (
	enterRef = "enter"
	fenceRef = "fence"
)

// resume makes the first request of a link. It also returns why the server refused the name or the room.
func resume(l link, want entry) (a *arrival, refused *Error, err error) {
	request := want.identity.request(want.room, enterRef)
	answered := false
	defer func() {
		if !answered {
			want.identity.stray()
		}
	}()
	if err := l.write([][]byte{encode(request)}); err != nil {
		return nil, nil, err
	}
	for first := true; ; first = false {
		o, err := readObject(l)
		switch {
		case err != nil:
			return nil, nil, err
		case o.Type == "error" && o.Ref == enterRef:
			answered = true
			return nil, nil, &DialError{Refused: true, Err: o.refusal()}
		case o.Type == "welcome" && o.Ref == enterRef:
			answered = true
			a = &arrival{link: l, welcome: o}
			if o.Nick != request.Nick && request.Nick != "" || !strings.EqualFold(o.Room, want.room) && want.room != "" {
				refused, err = a.readRefusal()
			}
			return a, refused, err
		case first && o.Type != "welcome":
			return nil, nil, &DialError{Err: errors.New("it sent no welcome"), Hint: "is it partyline?"}
		}
	}
}

// readRefusal reads what comes before the answer to another request. The first error among it is why the
// server refused the name or the room. Without one the member has another name than the client knew, or
// the server spells it in another way.
func (a *arrival) readRefusal() (refused *Error, err error) {
	if err := a.write([][]byte{encode(map[string]string{"type": "who", "ref": fenceRef})}); err != nil {
		return nil, err
	}
	for {
		o, err := readObject(a.link)
		switch {
		case err != nil:
			return nil, err
		case o.Ref == fenceRef:
			return refused, nil
		case o.Type == "error" && refused == nil:
			refused = o.refusal()
		case len(a.early) == maxEvents:
			return nil, errors.New("it sends events and does not answer")
		default:
			a.early = append(a.early, *o)
		}
	}
}

// leave leaves the room, so that the name is free when it returns. It waits for the server for a second at most.
func (a *arrival) leave() {
	timer := time.AfterFunc(time.Second, a.close)
	defer timer.Stop()
	err := a.write([][]byte{encode(map[string]string{"type": "quit"})})
	for err == nil {
		_, err = readObject(a.link)
	}
}

// readObject reads an event or an answer. A bye is an error.
func readObject(l link) (*object, error) {
	line, err := l.read()
	if err != nil {
		return nil, err
	}
	o, err := decode(line)
	if err == nil && o.Type == "bye" {
		err = o.farewell()
	}
	return o, err
}
