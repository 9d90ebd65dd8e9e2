package transcript

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/client"
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
		all = append(all, sequence.ReplaceAllString(line, ""))
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
