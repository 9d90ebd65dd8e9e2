//go:build unix

package talk

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/hub/hubtest/fuzztest"
)

// attacks are escape sequences that talk itself never writes.
var attacks = []string{
	"\x1b]0;PWNED\a", "\x1b]2;PWNED\x1b\\", "\u009d0;PWNED\u009c", "\x1bkPWNED\x1b\\", // titles
	"\x1b[2;2J", "\x1b[97;97H", "\x1b[97d", "\u009b97;97H", "\x1bc", "\x1b[?1049;97l", "\x1b[9;97r", "\x1b[8;97;97t", "\x1bM\x1bM",
	"\x1b[?25;97l", "\x1b[38;97m", "\x1b(0", "\x0e", "\x1b#8", "\x1b]52;c;UFdORUQ=\a", "\x1b]8;;http://pwned.example/\a",
	"\x1bPtmux;\x1b\x1b]0;PWNED\a\x1b\\", "\x1b[?1000;97h", "\x1b[97b", "\x1b[5n", "\x05",
}

// TestHostileServer connects to a server that puts escape sequences into all fields of all events and answers. They
// do not reach the terminal: the title is talk's, and the screen is what talk draws on an empty one.
func TestHostileServer(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	evil := slices.Concat(attacks, slices.Sorted(maps.Keys(fuzztest.Escapes)))
	all := strings.Join(attacks, "")
	s := startFake(t, hostileObject("welcome", all, 0), func(request object) []object {
		kind := request["type"].(string)
		if kind == "say" {
			kind = "ack"
		}
		return []object{hostileObject(kind, all, 0)}
	})
	s.welcome["room"], s.welcome["nick"] = "lobby"+attacks[0], "alice"+attacks[0]
	tt := openTalk(t, setup{width: 100, height: 30}, s.addr)
	written := filepath.Join(t.TempDir(), "written")
	tt.tmux("pipe-pane", "-O", "exec cat >"+written)

	id := 1
	for _, text := range evil {
		for _, kind := range []string{"message", "action", "private", "join", "leave", "nick", "presence", "notice", "error", "gap", "unknown"} {
			s.send(hostileObject(kind, text, id))
			id++
		}
	}
	for _, command := range []string{"/who", "/rooms", "/search x", "hello"} {
		tt.enter(command)
		tt.expectInput(">")
	}
	tt.press("M-1", "PageUp", "PageDown", "Escape")
	tt.expect(`alice.*hello$`)
	for i := range 40 {
		s.send(object{"type": "message", "id": id + i, "at": "2026-11-24T17:20:00Z", "room": "lobby", "from": "mallory", "text": fmt.Sprintf("innocent %d", i)})
	}
	tt.expect(`innocent 39$`)
	tt.expectInput(">")
	if title := tt.ask("#{pane_title}"); strings.Contains(title, "PWNED") || !strings.Contains(title, "#lobby") {
		t.Errorf("the title is %q", title)
	}
	screen := tt.screen()
	tt.press("C-l")
	tt.write("drawn again")
	tt.expectInput("> drawn again")
	if again := strings.Replace(tt.screen(), "> drawn again", ">", 1); mask(again) != mask(screen) {
		t.Errorf("the screen was\n%s\nand drawn again it is\n%s", screen, again)
	}
	output, err := os.ReadFile(written)
	if err != nil || len(output) == 0 {
		t.Fatalf("%v: tmux recorded %d bytes", err, len(output))
	}
	for _, attack := range attacks {
		if strings.Contains(string(output), attack) {
			t.Errorf("talk wrote %q", attack)
		}
	}
}

// hostileObject returns an object of a type with a text in all fields.
func hostileObject(kind, text string, id int) object {
	member := object{"nick": "n" + text, "via": text}
	message := object{"type": "message", "id": max(id, 1), "at": "2026-11-24T17:20:00Z", "room": text, "from": "f" + text, "via": text, "text": "t" + text}
	o := object{
		"type": kind, "id": id, "at": "2026-11-24T17:20:00Z", "room": "r" + text, "from": "f" + text, "to": "t" + text, "nick": "n" + text, "via": text,
		"text": "x" + text, "key": text, "code": "c" + text, "message": "m" + text, "reason": "r" + text, "count": 3, "arrived": 1, "left": 1,
		"after": id, "before": id + 1, "last": 0, "members": []object{member}, "rooms": []object{{"room": "r" + text, "count": 1}},
		"messages": []object{message}, "server": object{"name": text, "version": text}, "more": false,
	}
	return o
}
