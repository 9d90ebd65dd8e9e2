package wire

import (
	"testing"
	"time"
)

// TestEventsText checks that lists say how many entries they omit, and that events that only
// JSON has append nothing.
func TestEventsText(t *testing.T) {
	two := []Occupant{{"al", "ws"}, {"bo", "tcp"}}
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
