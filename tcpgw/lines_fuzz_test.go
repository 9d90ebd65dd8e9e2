package tcpgw

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"unicode/utf8"

	"partyline/hub"
)

// FuzzLines compares the lines of a stream with those of a slow reader that has it all at
// once: how reads part the bytes must make no difference, except for the number of blank
// lines, which ask for nothing.
func FuzzLines(f *testing.F) {
	for _, s := range []string{
		"", "\n", "hello\n", "hello\r\n", "a\r\r\nb", "end\r", "no end",
		"a\xff\xfb\x01b\n", "a\xff\xfa\x18x\xff\xff\xff\xf0b\n", "a\xff\xffb\n", "\xff\xf1\n",
		"a\xff\nb\n", "a\xff\xfb\nb\n", "a\xff\xfax\nb\n", "a\xff\xfax\xff\nb\n", "a\xff\xefb\n", "a\xff",
		"12345678\n123456789\n12345678\r\n123456789\r\n", "1234567890123456789\nok\n", "123456789\xff\xf1\n",
		"1234567\xff\xf1\xff\xf18\r\n", "\xe2\x82\xac\n\xe2\x82\n\x80\n\xed\xa0\x80\n", "\ufeffbom\n",
		"123456789012345\xff\xfb\nok\n", "123456789012\xff\xfa\n\xff\xf0\n",
	} {
		f.Add([]byte(s), []byte{1}, uint8(8))
		f.Add([]byte(s), []byte{3, 1, 2}, uint8(8))
		f.Add([]byte(" \n\r\n\t\n"+s+"\n\n \r\n"+s), []byte{5}, uint8(8))
	}
	f.Fuzz(func(t *testing.T, stream, splits []byte, limit uint8) {
		limit = max(limit, 16) // as every bound for lines is
		want := slowly(stream, int(limit))
		l := newReading(&splitter{stream, splits, 0}, int(limit))
		for i := 0; ; i++ {
			line, err := l.next()
			for err == nil && isBlank(line) {
				line, err = l.next()
			}
			if err == io.EOF {
				if i != len(want) {
					t.Fatalf("%d lines, want %d", i, len(want))
				}
				return
			}
			if i == len(want) {
				t.Fatalf("one line too many: %q, %v", line, err)
			}
			if w := want[i]; string(line) != w.line || !errors.Is(err, w.err) {
				t.Fatalf("line %d is %q, %v; want %q, %v", i, line, err, w.line, w.err)
			}
			if len(line) > int(limit) || !utf8.Valid(line) || bytes.IndexByte(line, '\n') >= 0 {
				t.Fatalf("line %d is %q", i, line)
			}
			if held := cap(l.line); held > 4*len(l.buf) {
				t.Fatalf("%d bytes are held for a line of at most %d", held, limit)
			}
		}
	})
}

// A splitter reads a stream in pieces of the given sizes, over and over.
type splitter struct {
	stream []byte
	sizes  []byte
	i      int
}

func (s *splitter) Read(b []byte) (int, error) {
	if len(s.stream) == 0 {
		return 0, io.EOF
	}
	size := len(b)
	if len(s.sizes) > 0 {
		size = max(int(s.sizes[s.i%len(s.sizes)]), 1)
		s.i++
	}
	n := copy(b[:min(size, len(b))], s.stream)
	s.stream = s.stream[n:]
	return n, nil
}

type outcome struct {
	line string
	err  error
}

// slowly reads the lines of a whole stream, without blank ones, as the protocol says it.
func slowly(stream []byte, limit int) (all []outcome) {
	parts := bytes.Split(stream, []byte{'\n'})
	for i, part := range parts {
		line := withoutTelnet(part)
		if i < len(parts)-1 {
			line = bytes.TrimSuffix(line, []byte{'\r'})
		} else if len(line) == 0 {
			break // nothing stands behind the last LF
		}
		switch {
		case len(line) > limit:
			all = append(all, outcome{err: hub.ErrTooLong})
		case !utf8.Valid(line):
			all = append(all, outcome{err: hub.ErrNotUTF8})
		case !isBlank(line):
			all = append(all, outcome{line: string(line)})
		}
	}
	return all
}

func isBlank(line []byte) bool { return len(bytes.Trim(line, " \t\r")) == 0 }

func withoutTelnet(b []byte) (line []byte) {
	for len(b) > 0 {
		switch {
		case b[0] != 255:
			line = append(line, b[0])
			b = b[1:]
		case len(b) == 1: // incomplete
			return line
		case b[1] == 255: // escaped
			line = append(line, 255)
			b = b[2:]
		case b[1] >= 251: // WILL, WONT, DO, DONT and an option
			b = b[min(3, len(b)):]
		case b[1] == 250: // SB … IAC SE, where IAC IAC is no IAC
			b = b[2:]
			for len(b) > 0 && !(len(b) > 1 && b[0] == 255 && b[1] == 240) {
				skip := 1
				if b[0] == 255 {
					skip = 2
				}
				b = b[min(skip, len(b)):]
			}
			b = b[min(2, len(b)):]
		case b[1] >= 240:
			b = b[2:]
		default: // no command
			line = append(line, b[0], b[1])
			b = b[2:]
		}
	}
	return slices.Clip(line)
}
