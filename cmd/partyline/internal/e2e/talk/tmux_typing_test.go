//go:build unix

package talk

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// longText is some hundred characters of every width.
const longText = "The quick brown fox jumps over the lazy dog; Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. " +
	"世界人権宣言 and 모든 인류 구성원의 천부의 존엄성 with e\u0301 and 🚀 and ✊🏿, then plain text again: " +
	"0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ end of the text."

// TestTyping types a text, key by key, while 200 messages a second arrive. No key is lost and no line is mixed
// with another: the input line and the message are what was typed, and the lines of the screen are whole and in
// order.
func TestTyping(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	s := startServer(t)
	tt := openTalk(t, setup{width: 120, height: 40}, s.TCP)
	bob := enterAs(t, s.TCP, "bob")
	tr := startTraffic(t, s.TCP, 200, "logs")
	tt.expect(`message 0*\d\d\d: `)

	rest := []rune(longText)
	for n := 1; len(rest) > 0; n = n%5 + 1 { // one to five keys at once
		n = min(n, len(rest))
		tt.write(string(rest[:n]))
		rest = rest[n:]
	}
	tt.expectInput(">" + longText)
	tt.press("Left", "Left", "Left", "BSpace", "x") // still at the end of the text
	edited := longText[:len(longText)-len("xt.")-1] + "x" + "xt."
	tt.expectInput(">" + edited)
	tt.press("Enter")
	tt.expectInput(">")
	if _, err := tr.halt(); err != nil {
		t.Fatal(err)
	}
	if got := harness.ExpectLine(t, bob.Out, `alice: (.*)`)[0]; got != edited {
		t.Errorf("said\n%q, want\n%q", got, edited)
	}
	bob.Say(t, "that was all")
	checkMessages(t, tt.await("last message", func(s string) bool { return strings.Contains(s, "that was all") }), tr.said)
}

// checkMessages checks that the traffic's messages on a screen are whole, and that they are the last ones, in order.
func checkMessages(t *testing.T, screen string, said int) {
	t.Helper()
	text := regexp.MustCompile(`message (\d{8}): .*`)
	line := regexp.MustCompile(`^(?:\d\d:\d\d)? +(?:logs)? +(.*)$`)
	var numbers []int
	for row := range strings.SplitSeq(screen, "\n") {
		found, whole := text.FindStringSubmatch(row), line.FindStringSubmatch(row)
		if found == nil {
			continue
		}
		n, _ := strconv.Atoi(found[1])
		numbers = append(numbers, n)
		if whole == nil || whole[1] != message(n) {
			t.Errorf("a line of the screen is %q", row)
		}
	}
	for i, n := range numbers {
		if want := said - len(numbers) + i; n != want {
			t.Fatalf("the messages on the screen are %v, want the last of %d", numbers, said)
		}
	}
	if len(numbers) < 20 {
		t.Errorf("only %d messages are on the screen:\n%s", len(numbers), screen)
	}
}

// TestCompletion completes names, rooms and commands with Tab.
func TestCompletion(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob := enterAs(t, s.TCP, "bob")
	enterAs(t, s.TCP, "barbara")
	tt := openTalk(t, setup{}, s.TCP)
	tt.expectStatus(`3 members`)

	tt.write("bo")
	tt.press("Tab")
	tt.expectInput("> bob:")
	tt.write("hello, ba")
	tt.press("Tab")
	tt.expectInput("> bob: hello, barbara")
	tt.press("Enter")
	harness.ExpectLine(t, bob.Out, `alice: bob: hello, barbara ?`)

	tt.write("/sea")
	tt.press("Tab")
	tt.expectInput("> /search")
	tt.press("C-u")
	tt.expectInput(">")

	for _, nick := range []string{"bela", "bella"} { // names with the same start
		bob.Say(t, "/nick "+nick)
		harness.ExpectLine(t, bob.Out, `.* is now known as `+nick)
	}
	tt.expect(`bella`)
	tt.write("b")
	tt.press("Tab")
	first := tt.expect(`^> (\w+): ?$`)[0]
	tt.press("Tab")
	if second := tt.expect(`^> (b\w+): ?$`)[0]; second == first {
		tt.await("next name", func(s string) bool { return input(s) != ">"+first+":" })
	}
}

// TestInputHistory enters lines, starts talk again, and finds them with Up and Ctrl-R.
func TestInputHistory(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	tt := openTalk(t, setup{}, s.TCP)
	for i := range 3 {
		tt.enter(fmt.Sprintf("line %d of the history", i))
		tt.expect(fmt.Sprintf(`line %d of the history$`, i))
	}
	tt.enter("/quit")
	tt.expect(`^\$$`)
	tt.runTalk()
	tt.press("Up", "Up")
	tt.expectInput(">" + "line 2 of the history") // /quit is the last one
	tt.press("Up")
	tt.expectInput(">" + "line 1 of the history")
	tt.press("Down")
	tt.expectInput(">" + "line 2 of the history")
	tt.press("C-u", "C-r")
	tt.write("line 0")
	tt.expect(`line 0 +line 0 of the history`)
	tt.press("End")
	tt.expectInput("> line 0 of the history")
}
