package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"partyline/hub/hubtest/fuzztest"
)

// shortLine returns what the handler of a terminal writes for one record.
func shortLine(noColor bool, log func(*slog.Logger)) string {
	var b bytes.Buffer
	log(slog.New(newShortHandler(&b, slog.LevelInfo, noColor)))
	return b.String()
}

// TestShortLine checks the form of a line, and that only a value that needs quotes has them.
func TestShortLine(t *testing.T) {
	record := slog.NewRecord(time.Date(2026, 1, 2, 15, 4, 5, 6, time.Local), slog.LevelWarn, "member joined", 0)
	record.Add("nick", "alice", "addr", "[::1]:4000", "room", "büro", "reason", errors.New("it is full"), "empty", "", "took", 1500*time.Millisecond,
		"path", `\x1b`, "lost", "\ufffd", "names", []string{"a", "b"}, "n", 7, slog.Group("tls", "version", "1.3"))
	want := `15:04:05 WRN member joined nick=alice addr=[::1]:4000 room=büro reason="it is full" empty="" took=1.5s ` +
		`path="\\x1b" lost="�" names="[a b]" n=7 tls.version=1.3` + "\n"
	handle := func(log *slog.Logger) { log.Handler().Handle(context.Background(), record) }
	if got := shortLine(true, handle); got != want {
		t.Errorf("without colours\n%q, want\n%q", got, want)
	}
	colored := shortLine(false, handle)
	if got := tintCodes.ReplaceAllString(colored, ""); got != want || !strings.Contains(colored, "\x1b[93mWRN\x1b[0m") {
		t.Errorf("with colours\n%q, want\n%q", colored, want)
	}
}

// TestShortNoColor checks when the log of a terminal has no colours.
func TestShortNoColor(t *testing.T) {
	for _, c := range []struct {
		noColor, term string
		want          bool
	}{{"", "xterm", false}, {"1", "xterm", true}, {"", "dumb", true}, {"", "", true}} {
		t.Setenv("NO_COLOR", c.noColor)
		t.Setenv("TERM", c.term)
		if got := withoutColor(); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}

// tintCodes matches the codes that tint writes.
var tintCodes = regexp.MustCompile(`\x1b\[(?:0|2|22|91|92|93)m`)

// stranger is a value whose text a client has chosen.
type stranger string

func (s stranger) LogValue() slog.Value { return slog.StringValue(string(s)) }

// stringer is another one.
type stringer struct{ s string }

func (s stringer) String() string { return s.s }

// FuzzShortLine puts a text at each place of a record. The record is one line, without control characters and
// without characters that change the direction of text, except the codes of tint.
func FuzzShortLine(f *testing.F) {
	for _, s := range fuzztest.Lines {
		f.Add(s)
	}
	for s := range fuzztest.Escapes {
		f.Add(s)
	}
	for _, s := range []string{
		`\x1b[2J `, `a \x1b]0;title\a`, `\\x1b =`, "\u009b2J", "a\u202eb", "\u2066x", "a\u2028b", "\xff\xfe", "\xed\xa0\x80", "\x1b\xff[m", "a\r\nb",
		"\u200b", "\ufffd \x1b[m", "=", `"`, " ", "", "\u00a0", "\U000e0001", "\ufeff",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, log := range map[string]func(*slog.Logger){
			"message":   func(l *slog.Logger) { l.Info(s) },
			"key":       func(l *slog.Logger) { l.Info("m", s, 1) },
			"value":     func(l *slog.Logger) { l.Info("m", "k", s) },
			"error":     func(l *slog.Logger) { l.Info("m", "err", errors.New(s)) },
			"bytes":     func(l *slog.Logger) { l.Info("m", "k", []byte(s)) },
			"list":      func(l *slog.Logger) { l.Info("m", "k", []string{s, s}) },
			"valuer":    func(l *slog.Logger) { l.Info("m", "k", stranger(s)) },
			"stringer":  func(l *slog.Logger) { l.Info("m", "k", stringer{s}) },
			"pointer":   func(l *slog.Logger) { l.Info("m", "k", &stringer{s}) },
			"group":     func(l *slog.Logger) { l.Info("m", slog.Group(s, s, s, slog.Group(s, s, errors.New(s)))) },
			"with":      func(l *slog.Logger) { l.With(s, s).Info("m", "k", s) },
			"withGroup": func(l *slog.Logger) { l.WithGroup(s).With(s, s).WithGroup(s).Info(s, s, s) },
			"panic":     func(l *slog.Logger) { l.Info("m", "k", panicker(s)) },
		} {
			plain, colored := shortLine(true, log), shortLine(false, log)
			for form, line := range map[string]string{"plain": plain, "colored": tintCodes.ReplaceAllString(colored, "")} {
				text, ended := strings.CutSuffix(line, "\n")
				if !ended || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Fatalf("%s in %q, %s: %q", name, s, form, line)
				}
				if form == "colored" && line[len(time.TimeOnly):] != plain[len(time.TimeOnly):] {
					t.Fatalf("%s in %q: %q with colours, %q without", name, s, line, plain)
				}
			}
			if name == "value" && s != "" && !strings.Contains(plain, " k=") {
				t.Fatalf("%q: no value in %q", s, plain)
			}
		}
	})
}

// A panicker panics when it is written.
type panicker string

func (p panicker) String() string { panic(string(p)) }
