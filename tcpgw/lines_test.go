package tcpgw

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"partyline/hub"
	"partyline/hub/wire"
)

func TestLines(t *testing.T) {
	long, limit := strings.Repeat("x", 21), strings.Repeat("x", 20)
	for name, test := range map[string]struct {
		stream string
		want   []string // "too long" and "not UTF-8" stand for errors
	}{
		"nothing":                      {"", nil},
		"lines":                        {"one\ntwo\n", []string{"one", "two"}},
		"an empty line":                {"one\n\n", []string{"one", ""}},
		"blank lines":                  {"\n\r\n\r\none\n\n\n  two\n\n\r\n", []string{"", "one", "", "  two", ""}},
		"white space at the end":       {"\n  ", []string{"", "  "}},
		"no end":                       {"one\ntwo", []string{"one", "two"}},
		"CR LF":                        {"one\r\n\r\n", []string{"one", ""}},
		"CR without LF":                {"a\rb\r", []string{"b"}},
		"two CR":                       {"a\r\r\n", []string{"a"}},
		"the limit":                    {limit + "\n" + limit + "\r\n" + limit, []string{limit, limit, limit}},
		"over the limit":               {long + "\nok\n" + long + "\r\nok", []string{"too long", "ok", "too long", "ok"}},
		"over the limit at the end":    {long, []string{"too long"}},
		"far over the limit":           {strings.Repeat(long, 4000) + "\nok", []string{"too long", "ok"}},
		"far over the limit, no end":   {strings.Repeat(long, 4000), []string{"too long"}},
		"over the limit, then CR NUL":  {long + "\r\x00ok\n", []string{"too long", "ok"}},
		"the limit, then CR":           {limit + "\r", []string{limit}},
		"the limit, then two CR":       {limit + "\r\r\n", []string{limit}},
		"the limit without telnet":     {limit + "\xff\xf1\r\n", []string{limit}},
		"the limit with erased bytes":  {limit + "\bx\bx\r" + limit + "\r" + limit + "\n", []string{limit}},
		"over the limit and not UTF-8": {long + "\x80\n", []string{"too long"}},
		"not UTF-8":                    {"\x80\nok\n\xc0\xaf\n", []string{"not UTF-8", "ok", "not UTF-8"}},
		"characters":                   {"Grüße\n", []string{"Grüße"}},

		"telnet alone":                        {"\xff\xfb\x01\n\xff\xf1", []string{""}},
		"telnet inside":                       {"a\xff\xfc\x01b\xff\xfd\x01c\xff\xfe\x01d\xff\xf9e\n", []string{"abcde"}},
		"Ctrl-C":                              {"a\xff\xf4\xff\xfd\x06b\n", []string{"ab"}},
		"Ctrl-Z, Ctrl-D, Ctrl-\\":             {"a\xff\xedb\xff\xecc\xff\xeed\n", []string{"abcd"}},
		"the end of a record":                 {"ab\xff\xef\n", []string{"ab"}},
		"an option that is LF":                {"a\xff\xfd\nb\n", []string{"ab"}},
		"an option that is CR, and NUL":       {"a\xff\xfb\rb\xff\xfb\x00c\r\xff\xfb\x00\n", []string{"abc"}},
		"an option that is IAC":               {"a\xff\xfd\xffb\n", []string{"ab"}},
		"a subnegotiation":                    {"a\xff\xfa\x18\x00x\xff\xf0b\n", []string{"ab"}},
		"an escaped IAC in it":                {"a\xff\xfax\xff\xff\xf0y\xff\xf0b\n", []string{"ab"}},
		"a window of 10 rows":                 {"a\xff\xfa\x1f\x00\n\x00\n\xff\xf0b\n", []string{"ab"}},
		"a subnegotiation that is not closed": {"a\xff\xfaxy\nb\n\r\nc\n", []string{"a", "b", "", "c"}},
		"two that are not closed":             {"a\xff\xfax\nb\n\nc\xff\xfay\nd\n", []string{"a", "b", "", "c", "d"}},
		"one that the end cuts off":           {"a\xff\xfax\nb", []string{"a", "b"}},
		"one that another command cuts off":   {"a\xff\xfax\xff\xf1b\n", []string{"ab"}},
		"one that is long":                    {"a\xff\xfa" + strings.Repeat("y", 2000) + "\nb\n", []string{"too long", "b"}},
		"one that is nearly long":             {"a\xff\xfa" + strings.Repeat("y", 1020) + "\nb", []string{"a", "b"}},
		"an escaped IAC":                      {"a\xff\xffb\n", []string{"not UTF-8"}},
		"IAC before an undefined byte":        {"a\xff\xebb\n", []string{"not UTF-8"}},
		"IAC before LF":                       {"a\xff\nb\n", []string{"a", "b"}},
		"IAC at the end":                      {"a\xff", []string{"a"}},
		"telnet in the rest of a long line":   {long + "\xff\xfd\n" + long + "\xff\xf7\nok\n", []string{"too long", "ok"}},

		"CR NUL":                       {"one\r\x00two\r\x00\r\x00", []string{"one", "two", ""}},
		"CR NUL with telnet inside":    {"one\r\xff\xf1\x00two\r\xff\xfd\x01\nthree", []string{"one", "two", "three"}},
		"NUL":                          {"a\x00b\n", []string{"a\x00b"}},
		"typing":                       {"helo\blo\n", []string{"hello"}},
		"typing with DEL":              {"hellp\x7fo\n", []string{"hello"}},
		"nothing to erase":             {"\b\x7f\xff\xf7a\n\bb\n", []string{"a", "b"}},
		"erasing characters":           {"aé\b€\b👍\bb\n", []string{"ab"}},
		"erasing invalid UTF-8":        {"a\xe2\x82\b\b\n", []string{"a"}},
		"erasing all":                  {"ab\b\b\b\n", []string{""}},
		"IAC EC":                       {"ab\xff\xf7c\n", []string{"ac"}},
		"IAC EL":                       {"ab\rcd\xff\xf8e\n", []string{"e"}},
		"a page of a manual":           {"N\bNA\bAM\bME\bE _\bf_\bi_\bl_\be\n", []string{"NAME file"}},
		"a progress bar":               {"\r 10%\r 50%\r100%\n", []string{"100%"}},
		"a progress bar that is wiped": {"100%\r    \r\n", []string{"100%"}},
		"a progress bar in CR LF":      {"50%\r100%\r\n", []string{"100%"}},
		"a long progress bar":          {strings.Repeat("\r....", 10_000) + "\n", []string{"...."}},
		"CR before invisible text":     {"a\r \u200b\r\t\n", []string{"a"}},
		"CR after invisible text":      {"\x01\r \n", []string{"\x01"}},

		"IAC DONT at the start": {"\xff\xfe\x01a\n\xff\xfe\x61b\n", []string{"a", "b"}},
		"IAC DONT alone":        {"\xff\xfe\x01", nil},
	} {
		t.Run(name, func(t *testing.T) {
			const inBytes = 1
			for i, src := range []io.Reader{
				strings.NewReader(test.stream),
				inBytes: iotest.OneByteReader(strings.NewReader(test.stream)),
				iotest.DataErrReader(strings.NewReader(test.stream)),
			} {
				l := newReading(src, 20)
				var got []string
				for {
					line, err := l.next()
					if err == hub.ErrControl {
						continue
					}
					if err == io.EOF {
						break
					}
					switch {
					case errors.Is(err, hub.ErrTooLong):
						line = []byte("too long")
					case isNotUTF8(err):
						line = []byte("not UTF-8")
					case err != nil:
						t.Fatal(err)
					}
					if s := string(line); s != "" || i != inBytes || len(got) == 0 || got[len(got)-1] != "" {
						got = append(got, s) // blank lines in one read become one
					}
				}
				if !slices.Equal(got, test.want) {
					t.Errorf("%T: %.200q, want %.200q", src, got, test.want)
				}
				for range 2 {
					if line, err := l.next(); err != io.EOF {
						t.Errorf("%T: %q, %v after the end", src, line, err)
					}
				}
			}
		})
	}
}

// TestLinesBroken checks that text before a read error is not a line.
func TestLinesBroken(t *testing.T) {
	broken := errors.New("reset")
	l := newReading(io.MultiReader(strings.NewReader("one\ntw"), iotest.ErrReader(broken)), 20)
	if line, err := l.next(); err != nil || string(line) != "one" {
		t.Fatalf("%q, %v", line, err)
	}
	for range 2 {
		if line, err := l.next(); !errors.Is(err, broken) {
			t.Errorf("%q, %v", line, err)
		}
	}
}

// TestLinesMemory checks that the memory of a long line is released.
func TestLinesMemory(t *testing.T) {
	big := strings.Repeat("x", 30_000)
	l := newReading(io.MultiReader(strings.NewReader(big+"\n"), iotest.OneByteReader(strings.NewReader("a\nb\n"))), 40_000)
	for _, want := range []string{big, "a", "b"} {
		if line, err := l.next(); err != nil || string(line) != want {
			t.Fatalf("%.20q, %v", line, err)
		}
	}
	if held := cap(l.draft.b); held > maxRetained {
		t.Errorf("the draft holds %d bytes", held)
	}
}

// reading feeds lines from a reader, as conn does.
type reading struct {
	lines
	src io.Reader
	buf [4 << 10]byte
	err error
}

func newReading(src io.Reader, limit int) *reading {
	return &reading{src: src, lines: lines{max: limit}}
}

func (r *reading) next() ([]byte, error) {
	for {
		line, ok, err := r.lines.next()
		switch {
		case ok:
			return line, err
		case r.err == io.EOF && !r.ended:
			r.end()
			continue
		case r.err != nil:
			return nil, r.err
		}
		var n int
		n, r.err = r.src.Read(r.buf[:])
		r.feed(r.buf[:n])
	}
}

func isNotUTF8(err error) bool {
	var r *wire.Refusal
	return errors.As(err, &r) && r.Code == wire.CodeNotUTF8
}
