package wire

import (
	"encoding/json"
	"testing"
	"time"
)

// TestEventsText checks that lists say how many entries they omit, and that events that only
// JSON has append nothing.
func TestEventsText(t *testing.T) {
	two := []Occupant{{"al", "ws", 0}, {"bo", "tcp", 300}}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		event Event
		want  string
	}{
		{&WhoAnswer{Occupants: two, Count: 2}, "= al, bo"},
		{&WhoAnswer{Occupants: two, Count: 3}, "= al, bo and 1 others"},
		{&WhoAnswer{Occupants: two, Count: 1203}, "= al, bo and 1201 others"},
		{&RoomsAnswer{Rooms: []RoomCount{{"ops", 3}, {"lobby", 1}}}, "= ops (3), lobby (1)"},
		{&RoomsAnswer{Rooms: []RoomCount{{"ops", 3}}, Others: 12}, "= ops (3) and 12 others"},
		{&Notice{Message: "you are being slowed"}, "-- you are being slowed --"},
		{&Notice{Message: "not stored", ID: 7}, ""},
		{&Ack{Ref: "r", ID: 7}, ""},
		{&HistoryAnswer{Ref: "r", List: NewMessageList([]*Message{{ID: 7, At: at, Text: "a"}}, false)}, ""},
	} {
		if got := string(test.event.AppendText(nil)); got != test.want {
			t.Errorf("%+v: %q, want %q", test.event, got, test.want)
		}
	}
}

// TestEventsJSON checks that every event is one object with its type, on one line.
func TestEventsJSON(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const stamp = `"at":"2026-03-01T12:00:00.000Z"`
	m := &Message{ID: 7, At: at, Room: "ops", From: "al", Via: "tcp", Text: "a\nb"}
	const message = `{"type":"message","id":7,` + stamp + `,"room":"ops","from":"al","via":"tcp","text":"a\nb"}`
	for _, test := range []struct {
		event Event
		want  string
	}{
		{m, message},
		{
			&Message{ID: 8, At: at, Room: "ops", From: "al", Via: "ws", Text: "waves", Action: true},
			`{"type":"action","id":8,` + stamp + `,"room":"ops","from":"al","via":"ws","text":"waves"}`,
		},
		{&Private{At: at, From: "al", To: "bo", Text: "x"}, `{"type":"private",` + stamp + `,"from":"al","to":"bo","text":"x"}`},
		{&Joined{At: at, Room: "ops", Nick: "al", Via: "ws"}, `{"type":"join",` + stamp + `,"room":"ops","nick":"al","via":"ws"}`},
		{&Left{At: at, Room: "ops", Nick: "al"}, `{"type":"leave",` + stamp + `,"room":"ops","nick":"al"}`},
		{&Left{At: at, Room: "ops", Nick: "al", Text: "bye"}, `{"type":"leave",` + stamp + `,"room":"ops","nick":"al","text":"bye"}`},
		{&Renamed{At: at, Room: "ops", Nick: "al", To: "Al"}, `{"type":"nick",` + stamp + `,"room":"ops","nick":"al","to":"Al"}`},
		{
			&Presence{At: at, Room: "ops", Arrived: 42, Left: 17, Count: 1203},
			`{"type":"presence",` + stamp + `,"room":"ops","arrived":42,"left":17,"count":1203}`,
		},
		{
			&Welcome{Ref: "r", Room: "ops", Nick: "al", Token: "T", Resumed: true, Occupants: []Occupant{{"al", "ws", 0}, {"bo", "tcp", 300}}, Count: 2, Last: 7, Version: "1.0", MaxBytes: 33792, MaxTexts: 64},
			`{"type":"welcome","ref":"r","room":"ops","nick":"al","token":"T","resumed":true,"members":[{"nick":"al","via":"ws"},{"nick":"bo","via":"tcp","idle":300}],"count":2,"last":7,"server":{"name":"partyline","version":"1.0","bytes":33792,"texts":64}}`,
		},
		{&WhoAnswer{}, `{"type":"who","members":[],"count":0}`},
		{&RoomsAnswer{Ref: "r", Rooms: []RoomCount{{"a", 2}, {"b", 1}}}, `{"type":"rooms","ref":"r","rooms":[{"room":"a","count":2},{"room":"b","count":1}]}`},
		{&HistoryAnswer{Ref: "r", List: NewMessageList([]*Message{m, m}, true), More: true}, `{"type":"history","ref":"r","messages":[` + message + `,` + message + `],"more":true}`},
		{&HistoryAnswer{List: NewMessageList(nil, true)}, `{"type":"history","messages":[],"more":false}`},
		{&SearchAnswer{Ref: "r", List: NewMessageList([]*Message{m}, false), More: true}, `{"type":"search","ref":"r","messages":[` + message + `],"more":true}`},
		{&SearchAnswer{List: NewMessageList(nil, false)}, `{"type":"search","messages":[],"more":false}`},
		{
			&Message{ID: 9, At: at, Room: "ops", From: "al", Via: "tcp", Text: "x", Unstored: true},
			`{"type":"message","id":9,` + stamp + `,"room":"ops","from":"al","via":"tcp","text":"x","stored":false}`,
		},
		{&Notice{Code: NoticeStored, Message: "again"}, `{"type":"notice","code":"stored","message":"again"}`},
		{
			&Notice{NoticeUnstored, "not stored", "r", "k", 9},
			`{"type":"notice","ref":"r","key":"k","id":9,"code":"unstored","message":"not stored"}`,
		},
		{&Ack{Ref: "r", Key: "k", ID: 7}, `{"type":"ack","ref":"r","key":"k","id":7}`},
		{&Ack{Ref: "r"}, `{"type":"ack","ref":"r"}`},
		{&BatchAck{Ref: "r", IDs: []int64{7, 9}}, `{"type":"ack","ref":"r","ids":[7,9]}`},
		{
			&BatchAck{Key: "k", Number: 5, IDs: []int64{0, 8, 0}, Failures: []TextError{{0, BadRequest("no")}, {2, TooLong(9)}}, Unstored: true},
			`{"type":"ack","key":"k","number":5,"ids":[0,8,0],"errors":[{"index":0,"code":"bad_request","message":"no"},` +
				`{"index":2,"code":"line_too_long","message":"` + TooLong(9).Message + `"}],"stored":false}`,
		},
		{&Refusal{Code: CodeBadJSON, Message: "no"}, `{"type":"error","code":"bad_json","message":"no"}`},
		{&Refusal{"r", "k", CodeNickTaken, "al is taken"}, `{"type":"error","ref":"r","key":"k","code":"nick_taken","message":"al is taken"}`},
		{&Gap{After: 1, Before: 5, Missed: 3}, `{"type":"gap","after":1,"before":5,"missed":3,"lost":false}`},
		{&Gap{After: 9, Missed: -1, Lost: true}, `{"type":"gap","after":9,"lost":true}`},
		{Ping{Idle: true}, `{"type":"ping"}`},
		{
			&Bye{Reason: "shutdown", Text: "later", Reconnect: true, AfterMS: 500},
			`{"type":"bye","reason":"shutdown","reconnect":true,"after_ms":500}`,
		},
		{&Answer{Lines: []string{"x"}}, ""},
		{Marker("live"), ""},
	} {
		got := string(test.event.AppendJSON([]byte(nil)))
		if got != test.want {
			t.Errorf("%T:\n%s\nwant\n%s", test.event, got, test.want)
		}
		if got != "" && !json.Valid([]byte(got)) {
			t.Errorf("%T: not JSON: %s", test.event, got)
		}
	}
}
