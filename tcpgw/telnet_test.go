package tcpgw

import (
	"bytes"
	"strings"
	"testing"

	"partyline/hub"
)

// commands returns all telnet commands, those with an option for each of options. IAC EC and IAC EL
// are left out, since they edit the line. The subnegotiations contain bytes that end or edit a line.
func commands(options []byte) (all []string) {
	for c := firstCommand; c < will; c++ {
		if c != eraseChar && c != eraseLine && c != sb {
			all = append(all, string([]byte{iac, byte(c)}))
		}
	}
	for _, o := range options {
		for verb := will; verb <= dont; verb++ {
			all = append(all, string([]byte{iac, byte(verb), o}))
		}
		escaped := strings.ReplaceAll(string([]byte{o}), "\xff", "\xff\xff")
		all = append(all, "\xff\xfa"+escaped+"\r\x00\b\x7fx\xff\xff\xf0\n\xff\xf0")
	}
	return all
}

func everyOption() (all []byte) {
	for o := range 256 {
		all = append(all, byte(o))
	}
	return all
}

// manyOptions are options whose bytes have a meaning elsewhere.
var manyOptions = []byte{
	0, 1, timingMark, '\b', '\n', '\r', 31, 'a', del, 0x80,
	firstCommand - 1, firstCommand, se, eraseChar, eraseLine, sb, will, wont, do, dont, iac,
}

// expectedAnswers returns the answers to the commands in parts, and the number of timing marks.
func expectedAnswers(parts []string) (answers []byte, marks int) {
	done := make(map[string]bool)
	for _, c := range parts {
		switch {
		case c[0] != iac:
			continue
		case c == "\xff\xfd\x06":
			marks++
		case done[c]:
			continue
		}
		done[c] = true
		switch c[1] {
		case do:
			answers = append(answers, iac, wont, c[2])
		case will:
			answers = append(answers, iac, dont, c[2])
		}
	}
	return answers, marks
}

// A partReader collects the lines and answers for a stream that is read in parts.
type partReader struct {
	lines   lines
	got     []string
	answers []byte
	marks   int
}

func (r *partReader) read(t *testing.T, part []byte) {
	r.lines.feed(part)
	for {
		line, ok, err := r.lines.next()
		r.answers = append(r.answers, r.lines.telnet.takeAnswers()...)
		switch {
		case !ok:
			return
		case err == hub.ErrControl:
			r.marks++
		case err != nil:
			t.Fatal(err)
		default:
			r.got = append(r.got, string(line))
		}
	}
}

// testTelnet reads a stream of text and commands in two parts, divided at every byte. It checks the
// two lines and the answers.
func testTelnet(t *testing.T, parts ...string) {
	t.Helper()
	stream := []byte(strings.Join(parts, ""))
	answers, marks := expectedAnswers(parts)
	var r partReader
	for i := range len(stream) + 1 {
		r = partReader{lines: lines{max: 100}, got: r.got[:0], answers: r.answers[:0]}
		r.read(t, stream[:i])
		r.read(t, stream[i:])
		if len(r.got) != 2 || r.got[0] != "before and after" || r.got[1] != "next" {
			t.Fatalf("% x, split at %d: the lines are %q", stream, i, r.got)
		}
		if !bytes.Equal(r.answers, answers) || r.marks != marks {
			t.Fatalf("% x, split at %d: the answers are % x with %d timing marks, want % x with %d",
				stream, i, r.answers, r.marks, answers, marks)
		}
	}
}

func TestTelnetCommands(t *testing.T) {
	for _, c := range commands(everyOption()) {
		testTelnet(t, "before ", c, "and after", c, "\r", c, "\nnext\r", c, "\x00")
	}
}

func TestTelnetPairs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	all := commands(manyOptions)
	for _, c := range all {
		for _, d := range all {
			testTelnet(t, c, d, "before ", d, "and after", c, d, "\r\nnext\r\x00")
		}
	}
}
