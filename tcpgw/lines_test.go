package tcpgw

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"partyline/hub"
)

func TestLines(t *testing.T) {
	long, limit := strings.Repeat("x", 21), strings.Repeat("x", 20)
	for name, test := range map[string]struct {
		stream string
		want   []string // "too long" and "not UTF-8" stand for errors
	}{
		"nothing":                        {"", nil},
		"lines":                          {"one\ntwo\n", []string{"one", "two"}},
		"an empty line":                  {"one\n\n", []string{"one", ""}},
		"blank lines":                    {"\n\r\n\r\none\n\n\n  two\n\n\r\n", []string{"", "one", "", "  two", ""}},
		"white space that is no line":    {"\n  ", []string{"", "  "}},
		"no end":                         {"one\ntwo", []string{"one", "two"}},
		"CR LF":                          {"one\r\n\r\n", []string{"one", ""}},
		"CR without LF":                  {"a\rb\r", []string{"a\rb\r"}},
		"two CR":                         {"a\r\r\n", []string{"a\r"}},
		"the limit":                      {limit + "\n" + limit + "\r\n" + limit, []string{limit, limit, limit}},
		"over the limit":                 {long + "\nok\n" + long + "\r\nok", []string{"too long", "ok", "too long", "ok"}},
		"over the limit at the end":      {long, []string{"too long"}},
		"far over the limit":             {strings.Repeat(long, 4000) + "\nok", []string{"too long", "ok"}},
		"far over the limit, no end":     {strings.Repeat(long, 4000), []string{"too long"}},
		"over the limit by a CR":         {limit + "\r", []string{"too long"}},
		"over the limit, then CR LF":     {limit + "\r\r\n", []string{"too long"}},
		"the limit without telnet":       {limit + "\xff\xf1\r\n", []string{limit}},
		"over the limit and not UTF-8":   {long + "\x80\n", []string{"too long"}},
		"not UTF-8":                      {"\x80\nok\n\xc0\xaf\n", []string{"not UTF-8", "ok", "not UTF-8"}},
		"characters":                     {"Grüße\n", []string{"Grüße"}},
		"telnet alone":                   {"\xff\xfb\x01\n\xff\xf1", []string{""}},
		"telnet inside":                  {"a\xff\xfc\x01b\xff\xfd\x01c\xff\xfe\x01d\xff\xf9e\n", []string{"abcde"}},
		"telnet with LF for an option":   {"a\xff\xfd\nb\n", []string{"a", "b"}},
		"telnet with IAC for an option":  {"a\xff\xfd\xffb\n", []string{"ab"}},
		"telnet's subnegotiation":        {"a\xff\xfa\x18\x00x\xff\xf0b\n", []string{"ab"}},
		"an escaped IAC in it":           {"a\xff\xfax\xff\xff\xf0y\xff\xf0b\n", []string{"ab"}},
		"one that LF ends":               {"a\xff\xfaxy\nb\xff\xf0\n", []string{"a", "b"}},
		"one that LF ends behind IAC":    {"a\xff\xfaxy\xff\nb\n", []string{"a", "b"}},
		"an escaped IAC":                 {"a\xff\xffb\n", []string{"not UTF-8"}},
		"IAC before what is no command":  {"a\xff\xefb\n", []string{"not UTF-8"}},
		"IAC at the end":                 {"a\xff", []string{"a"}},
		"telnet in what is left of long": {long + long + "\xff\xfa\nok\n", []string{"too long", "ok"}},
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
					if err == io.EOF {
						break
					}
					switch {
					case errors.Is(err, hub.ErrTooLong):
						line = []byte("too long")
					case errors.Is(err, hub.ErrNotUTF8):
						line = []byte("not UTF-8")
					case err != nil:
						t.Fatal(err)
					}
					if s := string(line); s != "" || i != inBytes || len(got) == 0 || got[len(got)-1] != "" {
						got = append(got, s) // blank lines are one if they come together
					}
				}
				if !slices.Equal(got, test.want) {
					t.Errorf("%T: %.200q, want %.200q", src, got, test.want)
				}
				for range 2 {
					if line, err := l.next(); err != io.EOF {
						t.Errorf("%T: %q, %v behind the end", src, line, err)
					}
				}
			}
		})
	}
}

// TestLinesBroken: what stands before a broken connection is no line.
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

// TestLinesSmall: a connection that said much once holds little again.
func TestLinesSmall(t *testing.T) {
	big := strings.Repeat("x", 30_000)
	l := newReading(io.MultiReader(strings.NewReader(big+"\n"), iotest.OneByteReader(strings.NewReader("a\nb\n"))), 40_000)
	for _, want := range []string{big, "a", "b"} {
		if line, err := l.next(); err != nil || string(line) != want {
			t.Fatalf("%.20q, %v", line, err)
		}
	}
	if held := cap(l.line); held > keptLine {
		t.Errorf("an idle connection holds %d bytes", held)
	}
}

// reading feeds lines from a source as conn does.
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
		if line, ok, err := r.lines.next(); ok {
			return line, err
		}
		if r.err == nil {
			var n int
			n, r.err = r.src.Read(r.buf[:])
			r.feed(r.buf[:n])
			continue
		}
		if line, ok, err := r.last(); ok && r.err == io.EOF {
			return line, err
		}
		return nil, r.err
	}
}
