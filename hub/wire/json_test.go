package wire

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// TestAppendQuoted decodes the quoted string with encoding/json.
func TestAppendQuoted(t *testing.T) {
	var all strings.Builder
	for r := rune(0); r <= unicode.MaxRune; r += 1 + r/512 {
		if utf8.ValidRune(r) {
			all.WriteRune(r)
		}
	}
	for _, text := range []string{
		"", "hello", `"quoted" \ back`, "\x00\x01\x1f\x7f", "a\nb\tc\rd", "Grüße 👩🏽\u200d🚀",
		"\u2028\u2029", "\u2027\u202a", "�", "<b>&amp;</b>", all.String(), strings.Repeat("\"", 5000),
	} {
		quoted := appendQuoted([]byte("x"), text)[1:]
		var got string
		if err := json.Unmarshal(quoted, &got); err != nil {
			t.Errorf("%.40q: %v", text, err)
		} else if got != text {
			t.Errorf("%.40q became %.40q", text, got)
		}
		for _, unsafe := range []string{"\n", "\r", "\x00", "\x1b", "\x7f", "\u2028", "\u2029"} {
			if strings.Contains(string(quoted), unsafe) {
				t.Errorf("%.40q: %q is not escaped", text, unsafe)
			}
		}
	}
}

// TestAppendQuotedInvalid checks that invalid UTF-8 is encoded as encoding/json encodes it.
func TestAppendQuotedInvalid(t *testing.T) {
	for _, text := range []string{"\xff", "a\x80b", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "ok\xc0\xafok"} {
		quoted := appendQuoted(nil, text)
		theirs, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var got, want string
		if err := json.Unmarshal(quoted, &got); err != nil || !utf8.Valid(quoted) {
			t.Errorf("%q: %q, %v", text, quoted, err)
		}
		if err := json.Unmarshal(theirs, &want); err != nil || got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestAppendTime(t *testing.T) {
	zone := time.FixedZone("east", 5*3600+1800)
	for at, want := range map[time.Time]string{
		time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC):           `"2026-03-01T12:00:00.000Z"`,
		time.Date(2026, 3, 1, 3, 0, 0, 7_999_999, zone):        `"2026-02-28T21:30:00.007Z"`,
		time.Date(2026, 12, 31, 23, 59, 59, 999e6+5, time.UTC): `"2026-12-31T23:59:59.999Z"`,
	} {
		got := string(appendTime([]byte("{"), "at", at))
		if got != `{"at":`+want {
			t.Errorf("%s, want %s", got, want)
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
			&Welcome{Ref: "r", Room: "ops", Nick: "al", Occupants: []Occupant{{"al", "ws"}}, Count: 1, Last: 7, Version: "1.0"},
			`{"type":"welcome","ref":"r","room":"ops","nick":"al","members":[{"nick":"al","via":"ws"}],"count":1,"last":7,"server":{"name":"partyline","version":"1.0"}}`,
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
