package app

import (
	"context"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lmittmann/tint"
)

// newShortHandler returns a handler for a terminal: each record is one short line, with colours unless
// noColor is set. What clients have sent can't control the terminal.
func newShortHandler(w io.Writer, level slog.Leveler, noColor bool) slog.Handler {
	return printableHandler{tint.NewTextHandler(w, &tint.Options{Level: level, TimeFormat: time.TimeOnly, NoColor: noColor})}
}

// withoutColor reports whether the user wants no colours, or has a terminal without any.
func withoutColor() bool {
	term := os.Getenv("TERM")
	return os.Getenv("NO_COLOR") != "" || term == "" || term == "dumb"
}

// A printableHandler passes records to a handler of tint, which writes messages, keys and ESC as they
// are: it gets only what is printable.
type printableHandler struct{ tint slog.Handler }

var _ slog.Handler = printableHandler{}

// Enabled implements [slog.Handler].
func (h printableHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.tint.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (h printableHandler) Handle(ctx context.Context, r slog.Record) error {
	printable := slog.NewRecord(r.Time, r.Level, printableMessage(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		printable.AddAttrs(printableAttr(a))
		return true
	})
	return h.tint.Handle(ctx, printable)
}

// WithAttrs implements [slog.Handler].
func (h printableHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return printableHandler{h.tint.WithAttrs(printableAttrs(attrs))}
}

// WithGroup implements [slog.Handler].
func (h printableHandler) WithGroup(name string) slog.Handler {
	return printableHandler{h.tint.WithGroup(printableKey(name))}
}

func printableAttrs(attrs []slog.Attr) []slog.Attr {
	attrs = slices.Clone(attrs)
	for i, a := range attrs {
		attrs[i] = printableAttr(a)
	}
	return attrs
}

// printableAttr returns an attribute whose texts tint writes unquoted if they need no quotes, and
// otherwise quoted, as text of Go. tint does this for a []byte; in a quoted string it replaces \x1b with ESC.
func printableAttr(a slog.Attr) slog.Attr {
	if a.Equal(slog.Attr{}) { // which handlers ignore
		return a
	}
	a.Key = printableKey(a.Key)
	switch a.Value = a.Value.Resolve(); a.Value.Kind() {
	case slog.KindGroup:
		a.Value = slog.GroupValue(printableAttrs(a.Value.Group())...)
	case slog.KindString, slog.KindAny:
		if s := a.Value.String(); s != "" && !strings.ContainsFunc(s, needsQuotes) {
			a.Value = slog.StringValue(s)
		} else {
			a.Value = slog.AnyValue([]byte(s))
		}
	}
	return a
}

// needsQuotes reports whether r may not be outside of quotes.
func needsQuotes(r rune) bool {
	return !unicode.IsPrint(r) || r == ' ' || strings.ContainsRune(`"=\`+"\ufffd", r)
}

// printableKey returns a key in which an underscore is in place of each character that needs quotes.
func printableKey(key string) string {
	return strings.Map(func(r rune) rune {
		if needsQuotes(r) {
			return '_'
		}
		return r
	}, key)
}

// printableMessage returns a message, quoted if it is not printable.
func printableMessage(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	return strconv.Quote(s)
}
