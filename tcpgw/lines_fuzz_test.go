package tcpgw

import (
	"bytes"
	"io"
	"testing"
	"unicode/utf8"

	"partyline/hub"
)

// FuzzLines compares the lines of a stream with those of the model, which has the whole stream at
// once. The division into reads makes no difference, except for the number of blank lines.
func FuzzLines(f *testing.F) {
	for _, s := range []string{
		"", "\n", "hello\n", "hello\r\n", "a\r\r\nb", "end\r", "no end",
		"a\xff\xfb\x01b\n", "a\xff\xfa\x18x\xff\xff\xff\xf0b\n", "a\xff\xffb\n", "\xff\xf1\n",
		"a\xff\nb\n", "a\xff\xfb\nb\n", "a\xff\xfax\nb\n", "a\xff\xfax\xff\nb\n", "a\xff\xefb\n", "a\xff",
		"12345678\n123456789\n12345678\r\n123456789\r\n", "1234567890123456789\nok\n", "123456789\xff\xf1\n",
		"1234567\xff\xf1\xff\xf18\r\n", "\xe2\x82\xac\n\xe2\x82\n\x80\n\xed\xa0\x80\n", "\ufeffbom\n",
		"123456789012345\xff\xfb\nok\n", "123456789012\xff\xfa\n\xff\xf0\n",
		"\xff\xf4\xff\xfd\x06\xff\xed\xff\xef\xff\xec", "\xff\xfd\x01\xff\xfd\x01\xff\xfb\x01\xff\xfc\x01\xff\xfd\x06\xff\xfd\x06a\n",
		"a\xff\xfa\x1f\x00\n\x00\n\xff\xf0b\n", "a\xff\xfa\n\n\nb\xff\xff\n", "\xff\xfa\xff\xfd\x06\n", "a\xff\xfa\n\xff\n\xff\xff\n\xff\xfa\x01\nb\n",
		"a\r\x00b\r\xff\xf1\x00c\r\xff\xf7\x00d\n", "ab\bc\x7fd\n\b\be\n", "\xc3\xbc\b\xbc\b\n", "ab\xff\xf7c\n", "ab\rc\xff\xf8d\n",
		"10%\r50%\r100%\n", "100%\r     \r\n", "a\r\r\r\n", " \rx\r \n", "1234567890\r1234567890\r1234567890\n", "a\r \r\x01b\xff\xff\rc\n",
		"\xff\xfe\x01a\n", "\xfea\n", "\xff", "\xff\xfe", "\xfe",
	} {
		f.Add([]byte(s), []byte{1}, uint8(8), false)
		f.Add([]byte(s), []byte{3, 1, 2}, uint8(8), true)
		f.Add([]byte(" \n\r\n\t\n"+s+"\n\n \r\n"+s), []byte{5}, uint8(8), false)
		f.Add([]byte(" \n\r\n\t\n"+s+"\n\n \r\n"+s), []byte{}, uint8(8), false)
	}
	f.Fuzz(func(t *testing.T, stream, splits []byte, limit uint8, json bool) {
		limit = max(limit, 16) // the minimum of MaxLine
		m := model{limit: int(limit), json: json}
		m.run(stream)
		want := m.outcomes
		l := newReading(&splitter{stream, splits, 0}, int(limit))
		l.json = json
		var answers []byte
		marks := 0
		for i := 0; ; i++ {
			line, err := l.next()
			answers = append(answers, l.telnet.takeAnswers()...)
			for err == nil && isBlank(line) || err == hub.ErrControl {
				if err != nil {
					marks++
				}
				line, err = l.next()
				answers = append(answers, l.telnet.takeAnswers()...)
			}
			if err == io.EOF {
				if i != len(want) {
					t.Fatalf("%d lines, want %d", i, len(want))
				}
				break
			}
			if i == len(want) {
				t.Fatalf("one line too many: %q, %v", line, err)
			}
			if isNotUTF8(err) {
				err = errNotUTF8
			}
			if w := want[i]; string(line) != w.line || err != w.err {
				t.Fatalf("line %d is %q, %v; want %q, %v", i, line, err, w.line, w.err)
			}
			if len(line) > int(limit) || !utf8.Valid(line) || bytes.IndexByte(line, '\n') >= 0 {
				t.Fatalf("line %d is %q", i, line)
			}
			if held := cap(l.draft.b); held > 4*len(l.buf) {
				t.Fatalf("the draft holds %d bytes for a line of at most %d", held, limit)
			}
		}
		if !bytes.Equal(answers, m.answers) || marks != m.marks {
			t.Errorf("the answers are % x with %d timing marks; want % x with %d", answers, marks, m.answers, m.marks)
		}
	})
}

// A splitter returns a stream in pieces of the given sizes, which it repeats.
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
