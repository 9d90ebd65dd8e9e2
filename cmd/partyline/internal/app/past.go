package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"partyline/client"
	"partyline/cmd/partyline/internal/state"
	"partyline/hub/names"
	"partyline/hub/wire"
)

// A past is what the user did at a server before.
type past struct {
	server state.Server // without anything if the user was not there
	named  bool         // it has chosen the name
	others []string     // rooms to start in if the first one can't be entered; nil if the user has chosen that one
}

// recall completes the options with what the user did at the server before.
func (t *talk) recall(address string) (p past) {
	addresses, err := client.Addresses(address)
	if t.dir == nil || err != nil {
		return past{}
	}
	s, err := t.dir.Load()
	if err != nil {
		return past{}
	}
	_, server := s.Find(addresses...)
	if server == nil {
		return past{}
	}
	p.server = *server
	if server.Room != "" && !slices.Contains(server.Rooms, server.Room) { // as in the file of an earlier version
		p.server.Rooms = append(slices.Clone(server.Rooms), server.Room)
	}
	if t.options.Nick == "" && server.Nick != "" {
		t.options.Nick, p.named = server.Nick, true
	}
	if t.chosenRoom(address) == "" && server.Room != "" {
		t.options.Room = server.Room
		p.others = slices.DeleteFunc(append(slices.Clone(p.server.Rooms), lobby), func(r string) bool { return r == server.Room })
	}
	if t.since == "" {
		t.since = "last"
	}
	return p
}

// enter connects to the server. A name or a room that the user has not chosen this time may be refused: then it takes
// another one.
func (t *talk) enter(ctx context.Context, address string, p *past) (*client.Client, error) {
	for {
		c, err := t.dial(ctx, address)
		var refusal *client.Error
		if err == nil {
			t.claim(ctx, c)
			return c, nil
		} else if !errors.As(err, &refusal) {
			return nil, err
		}
		switch code := refusal.Code; {
		case code == wire.CodeNickTaken && p.named:
			p.named = false
			t.tellTaken(t.options.Nick)
			t.options.Nick = ""
		case (code == wire.CodeRoomInvalid || code == wire.CodeUnavailable) && len(p.others) > 0:
			t.options.Room, p.others = p.others[0], p.others[1:]
		default:
			return nil, err
		}
	}
}

// claim takes the name of the options, if the client has resumed a session that has lost it. If it can't, it tells the
// user.
func (t *talk) claim(ctx context.Context, c *client.Client) {
	nick, err := names.Nick(t.options.Nick)
	if err != nil || nick == c.Nick() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if c.Rename(ctx, nick) != nil {
		t.tellTaken(nick)
	}
}

// tellTaken tells the user that the name of the last time is taken.
func (t *talk) tellTaken(nick string) {
	t.intro = append(t.intro, fmt.Sprintf("the name %s is taken now: /nick takes another one", nick))
}
