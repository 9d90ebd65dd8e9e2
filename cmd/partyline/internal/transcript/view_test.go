package transcript

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"

	"partyline/client"
	"partyline/hub/wire"
)

// newRoom returns a room whose reader is alice, without colours.
func newRoom(o Options) *View {
	o.Nick, o.Zone, o.Now = "alice", time.UTC, func() time.Time { return noon }
	return New(o)
}

// message returns message id, said a minute after message id-1.
func message(id int64) *client.Message {
	return &client.Message{ID: id, At: noon.Add(time.Duration(id) * time.Minute), From: fmt.Sprintf("bob%d", id%7), Text: fmt.Sprint("message ", id)}
}

func messages(from, to int64) (all []*client.Message) {
	for id := from; id <= to; id++ {
		all = append(all, message(id))
	}
	return all
}

// plain returns lines without styles.
func plain(lines []string) []string {
	var all []string
	for _, line := range lines {
		text, _ := strip(line)
		all = append(all, text)
	}
	return all
}

// shown returns the ids of the messages that are shown.
func shown(v *View) (ids []int64) {
	for _, line := range plain(v.Lines(80, 10)) {
		var id int64
		if _, text, ok := strings.Cut(line, "message "); ok {
			fmt.Sscan(text, &id)
			ids = append(ids, id)
		}
	}
	return ids
}

func expectShown(t *testing.T, v *View, from, to int64) {
	t.Helper()
	var want []int64
	for id := from; id <= to; id++ {
		want = append(want, id)
	}
	if got := shown(v); !slices.Equal(got, want) {
		t.Errorf("messages %v are shown, want %v", got, want)
	}
}

func TestScroll(t *testing.T) {
	v := newRoom(Options{})
	for _, m := range messages(101, 200) {
		v.Add(m)
	}
	expectShown(t, v, 191, 200)
	v.ScrollUp(5)
	expectShown(t, v, 186, 195)
	v.Add(message(201))
	v.Load(Page{101, false}, messages(51, 100), true)
	expectShown(t, v, 186, 195)
	if v.AtEnd() {
		t.Error("at the end, want 6 lines above it")
	}
	v.PageUp()
	expectShown(t, v, 178, 187)
	v.ScrollDown(13)
	expectShown(t, v, 191, 200)
	v.ScrollDown(1)
	expectShown(t, v, 192, 201)
	if !v.AtEnd() {
		t.Error("not at the end")
	}
	v.Add(message(202))
	expectShown(t, v, 193, 202)
	v.ToTop()
	expectShown(t, v, 51, 59) // below a day separator
	v.ScrollUp(1)
	expectShown(t, v, 51, 59)
	v.ToEnd()
	expectShown(t, v, 193, 202)
}

func TestUnread(t *testing.T) {
	v := newRoom(Options{})
	v.SetReading(true)
	for _, m := range messages(1, 20) {
		v.Add(m)
	}
	expectUnread(t, v, 0, 0)
	v.SetReading(false)
	v.Add(message(21))
	v.Add(&client.Message{ID: 22, At: noon, From: "bob", Text: "ALICE: look"})
	v.Add(&client.Message{ID: 23, At: noon, From: "alice", Text: "alice speaks"})
	v.Add(&client.Joined{At: noon, Nick: "carol"})
	expectUnread(t, v, 2, 1)
	if v.Mentioned() != 1 {
		t.Errorf("%d messages mention the reader, want 1", v.Mentioned())
	}
	if v.Read() != 20 {
		t.Errorf("message %d is read, want 20", v.Read())
	}
	v.SetReading(true)
	expectUnread(t, v, 0, 0)
	if v.Read() != 23 {
		t.Errorf("message %d is read, want 23", v.Read())
	}
	v.ScrollUp(1)
	v.Add(message(24))
	expectUnread(t, v, 1, 0)
	v.ScrollDown(1)
	expectUnread(t, v, 1, 0)
	v.ScrollDown(1)
	expectUnread(t, v, 0, 0)
}

func expectUnread(t *testing.T, v *View, messages, mentions int) {
	t.Helper()
	v.Lines(80, 10)
	if m, n := v.Unread(); m != messages || n != mentions {
		t.Errorf("%d unread messages and %d mentions, want %d and %d", m, n, messages, mentions)
	}
}

// TestUnreadAfterAbsence starts with the message that the reader has read last time.
func TestUnreadAfterAbsence(t *testing.T) {
	v := newRoom(Options{Read: 93})
	v.Add(&client.Welcome{Nick: "alice", Last: 100})
	v.Add(message(101))
	v.Load(Page{101, false}, messages(91, 100), true)
	expectUnread(t, v, 8, 0)
	expectMark(t, v, 94)
	v.Load(Page{91, false}, messages(81, 90), true)
	expectUnread(t, v, 8, 0)
	expectMark(t, v, 94)
	v.Lines(80, 5)
	v.ToTop()
	if !v.ToUnread() {
		t.Error("no unread separator")
	}
	if line := plain(v.Lines(80, 5))[0]; !strings.HasPrefix(line, "── new ──") {
		t.Errorf("the first line is %q, want the separator", line)
	}
	v.SetReading(true)
	v.ToEnd()
	expectUnread(t, v, 0, 0)
	v.SetReading(false)
	if v.ToUnread() {
		t.Error("there is an unread separator after the reader has left")
	}
}

// TestUnreadIsSeen loads what was said in the reader's absence while the reader sees the end.
func TestUnreadIsSeen(t *testing.T) {
	v := newRoom(Options{Read: 93})
	v.SetReading(true)
	v.Add(&client.Welcome{Nick: "alice", Last: 100})
	v.Add(message(101))
	v.Load(Page{101, false}, messages(91, 100), true)
	expectUnread(t, v, 0, 0)
	expectMark(t, v, 94)
	if v.Read() != 101 {
		t.Errorf("message %d is read, want 101", v.Read())
	}
}

// TestUnreadAfterOutage loses the connection while the reader sees the end.
func TestUnreadAfterOutage(t *testing.T) {
	v := newRoom(Options{})
	v.SetReading(true)
	v.Add(message(1))
	v.Add(&client.Disconnected{Err: fmt.Errorf("reset")})
	v.Add(&client.Welcome{Nick: "alice", Last: 3})
	for _, m := range messages(2, 5) {
		v.Add(m)
	}
	expectUnread(t, v, 0, 0)
	expectMark(t, v, 2)
	if v.Read() != 5 {
		t.Errorf("message %d is read, want 5", v.Read())
	}
}

// TestUnreadElsewhere is away from a view while messages arrive that were said before there was a connection.
func TestUnreadElsewhere(t *testing.T) {
	for _, c := range []struct {
		read, last int64
		missed     int64 // the first message that arrives
		unread     int
		want       int64 // of Read
	}{
		{read: 1, last: 3, missed: 2, unread: 3, want: 1},
		{read: -1, last: 3, missed: 1, unread: 4, want: -1},
		{read: -1, last: 0, missed: 1, unread: 4, want: -1},
		{read: 0, last: 3, missed: 4, unread: 1, want: 3},
		{read: 0, last: 0, missed: 1, unread: 4, want: -1},
		{read: 9, last: 3, missed: 1, unread: 4, want: -1}, // of a history that is lost
	} {
		v := newRoom(Options{Read: c.read})
		v.Add(&client.Welcome{Nick: "alice", Last: c.last})
		for _, m := range messages(c.missed, 4) {
			v.Add(m)
		}
		expectUnread(t, v, c.unread, 0)
		expectMark(t, v, c.missed)
		if v.Read() != c.want {
			t.Errorf("%+v: message %d is read", c, v.Read())
		}
		v.SetReading(true)
		expectUnread(t, v, 0, 0)
		expectMark(t, v, c.missed)
		if v.Read() != 4 {
			t.Errorf("%+v: message %d is read at the end, want 4", c, v.Read())
		}
	}
}

// TestHistoryLost reads messages of a history that the server loses. It has read nothing of the new history.
func TestHistoryLost(t *testing.T) {
	v := newRoom(Options{})
	v.SetReading(true)
	v.Add(&client.Welcome{Nick: "alice", Last: 50})
	v.Add(message(51))
	v.Add(&client.Disconnected{Err: fmt.Errorf("reset")})
	v.Add(&client.Welcome{Nick: "alice", Last: 2})
	if v.Read() >= 0 || v.Newest() != 0 {
		t.Errorf("message %d of %d is read", v.Read(), v.Newest())
	}
	for _, m := range messages(1, 3) {
		v.Add(m)
	}
	expectUnread(t, v, 0, 0)
	expectMark(t, v, 1)
	if v.Read() != 3 || v.Newest() != 3 {
		t.Errorf("message %d of %d is read, want 3 of 3", v.Read(), v.Newest())
	}
}

func TestUnreadIsSetAgain(t *testing.T) {
	v := newRoom(Options{})
	v.Add(message(1))
	expectMark(t, v, 1)
	v.markRead()
	expectUnread(t, v, 0, 0)
	v.Add(message(2))
	expectUnread(t, v, 1, 0)
	expectMark(t, v, 2)
}

// expectMark expects the unread separator before a message.
func expectMark(t *testing.T, v *View, id int64) {
	t.Helper()
	if v.mark == nil || v.mark.id != id {
		t.Errorf("the unread separator is before %+v, want message %d", v.mark, id)
	}
}

func TestPrivateCountsAsMention(t *testing.T) {
	v := newRoom(Options{Kind: Conversation})
	v.Add(&client.Private{At: noon, From: "bob", To: "alice", Text: "psst"})
	v.Add(&client.Private{At: noon, From: "alice", To: "bob", Text: "yes", Sent: true})
	expectUnread(t, v, 1, 1)
}

func TestNickChanges(t *testing.T) {
	v := newRoom(Options{})
	v.Add(&client.Renamed{At: noon, Nick: "alice", To: "ally"})
	v.Add(&client.Renamed{At: noon, Nick: "bob", To: "bert"})
	for i, text := range []string{"alice", "Ally!", "bert"} {
		v.Add(&client.Message{ID: int64(i) + 1, At: noon, From: "carol", Text: text})
	}
	expectUnread(t, v, 3, 1)
}

// TestPending says messages whose acks and copies arrive in both orders.
func TestPending(t *testing.T) {
	own := func(id int64, text string) client.Event {
		return &client.Message{ID: id, At: noon, From: "alice", Text: text}
	}
	full := &client.Error{Code: "unavailable", Key: "1", Message: "full"}
	for _, test := range []struct {
		name string
		do   func(v *View)
		want []string // what is shown after "bob: hello", in this order
	}{
		{"no ack", func(v *View) {}, []string{"first", "second"}},
		{"the ack first", func(v *View) { v.Acked("1", 7) }, []string{"first", "second"}},
		{"the ack, then the message", func(v *View) { v.Acked("1", 7); v.Add(own(7, "first (cleaned)")) }, []string{"first (cleaned)", "second"}},
		{"the message first", func(v *View) { v.Add(own(7, "first")) }, []string{"first", "second"}},
		{"the message, then the ack", func(v *View) { v.Add(own(7, "first")); v.Acked("1", 7) }, []string{"first", "second"}},
		{"another message", func(v *View) { v.Add(message(7)) }, []string{"message 7", "first", "second"}},
		{"the second one", func(v *View) { v.Add(own(7, "second")); v.Acked("2", 7) }, []string{"second", "first"}},
		{"a failure", func(v *View) { v.Failed("1", "too long") }, []string{"not sent (too long): first", "second"}},
		{"a failure of no message", func(v *View) { v.Failed("3", "too long") }, []string{"not sent (too long)", "first", "second"}},
		{"no connection", func(v *View) { v.Add(&client.Disconnected{Err: fmt.Errorf("reset")}) }, []string{"disconnected: reset", "first · unsent", "second · unsent"}},
		{"no space", func(v *View) { v.Add(full) }, []string{"full; partyline tries again by itself", "first · unsent", "second · unsent"}},
		{"no space, and then a connection", func(v *View) {
			v.Add(&client.Disconnected{Err: full})
			v.Add(&client.Welcome{Nick: "alice", Room: "lobby", Last: 6})
		}, []string{"disconnected: full; partyline tries again by itself", "connected again", "first · unsent", "second · unsent"}},
		{"space again", func(v *View) { v.Add(full); v.Add(own(7, "first")) }, []string{"first", "second"}},
	} {
		v := newRoom(Options{})
		v.Add(&client.Message{ID: 6, At: noon, From: "bob", Text: "hello"})
		v.Say("1", "first", false)
		v.Say("2", "second", false)
		test.do(v)
		var got []string
		for _, line := range plain(v.Lines(80, len(test.want))) {
			got = append(got, strings.TrimSpace(line[newLayout(80).text:]))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestPendingPrivate(t *testing.T) {
	v := newRoom(Options{Kind: Conversation})
	v.Tell("1", "bob", "psst")
	if len(v.pending) != 1 {
		t.Fatalf("%d pending messages, want 1", len(v.pending))
	}
	v.Add(&client.Private{At: noon, From: "alice", To: "bob", Text: "psst", Sent: true})
	v.Acked("1", 0)
	if len(v.pending) != 0 || len(v.entries) != 1 {
		t.Errorf("%d pending messages and %d entries, want 0 and 1", len(v.pending), len(v.entries))
	}
	v.Tell("2", "bob", "psst")
	v.Acked("2", 0)
	if len(v.pending) != 0 {
		t.Errorf("%d pending messages after the ack, want 0", len(v.pending))
	}
}

// TestResize shows the same place at other sizes.
func TestResize(t *testing.T) {
	v := newRoom(Options{})
	for _, m := range messages(1, 100) {
		m.Text += strings.Repeat(" word", 20)
		v.Add(m)
	}
	v.Lines(80, 10)
	v.ScrollUp(100)
	first := func(width int) string {
		line := plain(v.Lines(width, 10))[0]
		_, text, _ := strings.Cut(line, "message ")
		return text[:2]
	}
	want := first(200)
	for _, width := range []int{40, 1, 120, 80, 200} {
		v.Lines(width, 10)
	}
	if got := first(200); got != want {
		t.Errorf("message %s is the first one, want %s", got, want)
	}
	if lines := v.Lines(80, 0); len(lines) != 0 {
		t.Errorf("%d lines on a screen without lines", len(lines))
	}
	if lines := New(Options{}).Lines(80, 3); !slices.Equal(lines, []string{"", "", ""}) {
		t.Errorf("an empty view is %q", lines)
	}
}

func TestPrinterGroups(t *testing.T) {
	p := NewPrinter(Options{Zone: time.UTC, Now: func() time.Time { return noon }})
	p.Event(&client.Message{ID: 1, At: noon, From: "bob", Text: "one"}, 80)
	for _, test := range []struct {
		e    client.Event
		want []string
	}{
		{&client.Message{ID: 2, At: noon, From: "bob", Text: "two"}, []string{"12:00                 two"}},
		{&client.Message{ID: 3, At: noon, From: "carol", Text: "three"}, []string{"12:00         carol   three"}},
		{&client.Notice{ID: 3}, nil},
		{&client.Message{ID: 4, At: noon.AddDate(0, 0, 1), From: "carol", Text: "four"}, []string{
			"── Saturday, 28 November " + strings.Repeat("─", 55), "12:00         carol   four",
		}},
	} {
		if got := plain(p.Event(test.e, 80)); !slices.Equal(got, test.want) {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

// TestOtherEvents adds events that the golden screens do not have.
func TestOtherEvents(t *testing.T) {
	for _, test := range []struct {
		e    client.Event
		want string
	}{
		{&client.Gap{}, "┄┄ arrivals and departures missed "},
		{&client.Gap{Missed: 1}, "┄┄ 1 message missed "},
		{&client.Gap{Missed: 2}, "┄┄ 2 messages missed "},
		{&client.Gap{Missed: -1}, "┄┄ messages missed "},
		{&client.Gap{Missed: -1, Lost: true}, "┄┄ messages lost "},
		{&client.Welcome{Room: "ops", Nick: "ally", Count: 1}, "12:00             *   connected again as ally"},
		{&client.Disconnected{}, "12:00             !   disconnected"},
		{&wire.Bye{Text: "see you"}, "12:00            --   -- goodbye: see you --"},
		{&client.Message{At: noon, From: "bob", Text: "hi", Unstored: true}, "12:00           bob   hi · not stored"},
	} {
		v := newRoom(Options{})
		v.Add(&client.Disconnected{Err: fmt.Errorf("reset")})
		v.Add(&client.Notice{Message: "here"})
		v.Add(test.e)
		if got := plain(v.Lines(80, 1))[0]; !strings.HasPrefix(got, test.want) {
			t.Errorf("%#v is %q, want %q", test.e, got, test.want)
		}
	}
	v := newRoom(Options{})
	for _, e := range []client.Event{wire.Ping{Idle: true}, &client.Notice{ID: 7, Message: "an ack"}} {
		v.Add(e)
	}
	if len(v.entries) != 0 {
		t.Errorf("%d entries for events that show nothing", len(v.entries))
	}
}

func TestSetStyle(t *testing.T) {
	v, p := newRoom(Options{}), NewPrinter(Options{})
	v.Add(message(1))
	dark := v.Lines(80, 1)[0]
	light := Style{Profile: colorprofile.TrueColor, Light: true}
	v.SetStyle(light)
	p.SetStyle(light)
	const want = "\x1b[1;38;2;145;57;71m"
	if got := v.Lines(80, 1)[0]; got == dark || !strings.Contains(got, want) {
		t.Errorf("%q, want the name in %q", got, want)
	}
	if got := p.Event(message(1), 80); !strings.Contains(got[1], want) {
		t.Errorf("%q, want the name in %q", got[1], want)
	}
	if v.Newest() != 1 {
		t.Errorf("message %d is the newest, want 1", v.Newest())
	}
}

func TestFit(t *testing.T) {
	r := newRenderer(Options{})
	if got := r.fit("世", "w") + r.fit("e", "w"); got != "we" {
		t.Errorf("%q, want the characters that are one cell wide", got)
	}
}
