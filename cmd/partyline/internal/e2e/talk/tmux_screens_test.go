//go:build unix

package talk

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// widths are those of the golden screens.
var widths = []int{40, 80, 200}

// conversation is what the members of a room say, with every kind of line. The times are fixed.
var conversation = []object{
	{"type": "message", "from": "bob", "text": "Does it run behind nginx?"},
	{"type": "message", "from": "carol", "text": "Yes. Start from the file in deploy/nginx, which proxies both browsers and netcat, and turn proxy_protocol on in it."},
	{"type": "message", "from": "carol", "text": "Then run partyline with --proxy 127.0.0.1"},
	{"type": "action", "from": "bob", "text": "reads docs/security.md"},
	{"type": "message", "from": "世界", "text": "你好! 这个聊天室有多少人?  🚀 e\u0301te\u0301 👩\u200d👩\u200d👧\u200d👦"},
	{"type": "join", "nick": "dora", "via": "ws"},
	{"type": "join", "nick": "emil", "via": "tcp"},
	{"type": "message", "from": "dora", "text": "df -h\n/dev/sda1   20G   18G   2G  90% /\n/dev/sdb1  100G   40G  60G  40% /data"},
	{"type": "message", "from": "bob", "text": "alice: can you free some space on /?"},
	{"type": "nick", "nick": "emil", "to": "emilia"},
	{"type": "leave", "nick": "dora", "via": "ws", "text": "lunch"},
	{"type": "message", "from": "a-name-of-32-characters-is-valid", "text": "see https://chat.example/a/rather/long/address/that/has/no/blank/in/it/at/all?and=parameters"},
	{"type": "gap", "after": 12, "before": 70, "missed": 57, "lost": true},
}

// TestScreens compares the screen of a conversation at each width with a file of testdata: on a terminal that had
// this width from the start, and on one that was resized.
func TestScreens(t *testing.T) {
	t.Parallel()
	today := time.Now().UTC()
	at := func(day, minute int) string { // day is 27 for today, on which the client sees a gap
		return today.AddDate(0, 0, day-27).Format("2006-01-02") + fmt.Sprintf("T17:%02d:00Z", minute)
	}
	said := func(id, day, minute int, o object) object {
		out := object{"id": id, "at": at(day, minute), "room": "lobby", "via": "tcp"}
		for k, v := range o {
			out[k] = v
		}
		return out
	}
	for _, width := range widths {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			members := []object{{"nick": "alice", "via": "tcp"}, {"nick": "bob", "via": "tcp"}, {"nick": "carol", "via": "ws"}, {"nick": "世界", "via": "ws"}}
			s := startFake(t, object{"type": "welcome", "room": "lobby", "nick": "alice", "members": members, "count": 4, "last": 0, "server": object{"name": "partyline"}},
				func(request object) []object {
					switch kind := request["type"]; kind {
					case "who":
						now := append(slices.Clip(members), object{"nick": "emilia", "via": "tcp"})
						return []object{{"type": "who", "members": now, "count": len(now)}}
					case "history", "since":
						return []object{{"type": "history", "messages": []object{}, "more": false}}
					default:
						return []object{{"type": "error", "code": "unavailable", "message": fmt.Sprint("not possible now: ", kind)}}
					}
				})
			tt := openTalk(t, setup{width: width, height: 36}, s.addr)
			id := 1
			for i, o := range conversation {
				s.send(said(id, 23+i/4, i, o))
				id++
			}
			id = 70
			s.send(said(id, 27, 30, object{"type": "message", "from": "bob", "text": "the last message"}))
			s.send(object{"type": "private", "at": at(27, 31), "from": "carol", "to": "alice", "text": "psst"})
			tt.expect(`the last message$`)
			tt.expectStatus(`2:`)
			tt.write("half a line with 世界")
			tt.expectInput("> half a line with 世界")
			name := fmt.Sprintf("%d.screen", width)
			compareGolden(t, name, tt.screen())
			for _, other := range []int{80, 40, 200, width} {
				tt.resize(other, 36)
				tt.await("screen of another width", func(s string) bool { return status(s) != "" && len(input(s)) > 0 })
			}
			want := golden(t, name)
			tt.await("screen as before after several resizes", func(s string) bool { return mask(s)+"\n" == want })
		})
	}
}
