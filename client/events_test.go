package client

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"partyline/hub/wire"
)

// noEvents are the events of package wire that Next does not return: answers, what only text has, and what ends
// or keeps a connection.
var noEvents = []string{"Ack", "Answer", "BatchAck", "Bye", "HistoryAnswer", "Marker", "Ping", "RoomsAnswer", "SearchAnswer", "WhoAnswer"}

// TestEvents encodes every event of package wire, with all fields and with few, as a server does. Next returns
// the same event, and its encoding is that of the server.
func TestEvents(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 123_000_000, time.UTC)
	two := []Member{{Nick: "alice", Via: "ws"}, {Nick: "Ünal", Via: "tcp", Idle: 300}}
	left := wireEvents(t)
	for _, event := range []Event{
		&Welcome{Room: "ops", Nick: "alice", Resumed: true, Occupants: two, Count: 1203, Last: 1<<53 - 1, Version: "1.0"},
		&Welcome{Room: "ops", Nick: "alice", Occupants: []Member{}},
		&Message{ID: 1<<53 - 1, At: at, Room: "ops", From: "al", Via: "tcp", Text: "a\n\tb \"\\ \u2066\u2029 👩🏽\u200d🚀 </script>"},
		&Message{ID: 8, At: at.Truncate(time.Second), Room: "ops", From: "al", Via: "ws", Text: "waves", Action: true, Unstored: true},
		&Private{At: at, From: "bob", To: "alice", Text: "psst\n"},
		&Private{At: at, From: "alice", To: "bob", Text: "psst", Sent: true},
		&Joined{At: at, Room: "ops", Nick: "al", Via: "ws"},
		&Left{At: at, Room: "ops", Nick: "al", Text: "bye"},
		&Left{At: at, Room: "ops", Nick: "al"},
		&Renamed{At: at, Room: "ops", Nick: "al", To: "Al"},
		&Presence{At: at, Room: "ops", Arrived: 42, Left: 17, Count: 1203},
		&Presence{At: at, Room: "ops"},
		&Notice{Code: wire.NoticeStored, Message: "again"},
		&Notice{Code: wire.NoticeUnstored, Message: "not stored", Ref: "r", Key: "k", ID: 9},
		&Error{Code: wire.CodeBadJSON, Message: "no"},
		&Error{Ref: "r", Key: "k", Code: wire.CodeNickTaken, Message: "al is taken"},
		&Gap{After: 1, Before: 5, Missed: 3},
		&Gap{After: 9, Missed: -1, Lost: true},
		&Gap{After: 9},
	} {
		delete(left, reflect.TypeOf(event).Elem().Name())
		line := event.AppendJSON(nil)
		want := event
		if m, ok := event.(*Message); ok && strings.Contains(m.Text, "\u2066") {
			clean := *m
			clean.Text = strings.NewReplacer("\u2066", "\ufffd", "\u2029", "\ufffd").Replace(m.Text)
			want = &clean
		}
		var o object
		if err := o.decode(line); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		s := &session{outbox: newOutbox(), wake: make(chan struct{}, 1), room: "ops", nick: "alice", identity: newIdentity("alice", "")}
		s.changed.L = &s.mu
		if err := s.receive([]object{o}); err != nil || s.events.len() != 1 {
			t.Errorf("%s: %d events, %v", line, s.events.len(), err)
			continue
		}
		got := s.events.pop()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", line, got, want)
		}
		if again := got.AppendJSON(nil); string(again) != string(want.AppendJSON(nil)) {
			t.Errorf("%s is encoded as\n%s", line, again)
		}
	}
	for _, name := range noEvents {
		delete(left, name)
	}
	for name := range left {
		t.Errorf("%s is not tested", name)
	}
}

// wireEvents returns the names of the types of package wire that are events.
func wireEvents(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../hub/wire/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no source of package wire", err)
	}
	names := make(map[string]bool)
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "AppendJSON" {
				continue
			}
			typ := f.Recv.List[0].Type
			if star, ok := typ.(*ast.StarExpr); ok {
				typ = star.X
			}
			names[typ.(*ast.Ident).Name] = true
		}
	}
	return names
}
