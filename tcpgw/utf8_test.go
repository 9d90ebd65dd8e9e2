package tcpgw

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestNotUTF8 checks that the refusal of the first line that is not UTF-8 has a hint, and that later
// refusals have a count.
func TestNotUTF8(t *testing.T) {
	const latin, wide, binary = "if it is Windows-1252 or Latin-1, iconv -f WINDOWS-1252 -t UTF-8 converts it",
		"if it is UTF-16, iconv -f UTF-16 -t UTF-8 converts it", "it is not text"
	for stream, want := range map[string]string{
		"caf\xe9\n":                      "line 1 is dropped for its byte E9 at offset 3; " + latin,
		"caf\xe9":                        "line 1 is dropped for its byte E9 at offset 3; " + latin,
		"one\n\r\n\n\ntw\r\x00\xfcber\n": "line 6 is dropped for its byte FC at offset 0; " + latin,
		"x\bx\b\xe9\xe9\b\n":             "line 1 is dropped for its byte E9 at offset 0; " + latin,
		"50%\r100\x80\n":                 "line 1 is dropped for its byte 80 at offset 3; " + latin,
		"Grüße €\xa4\n":                  "line 1 is dropped for its byte A4 at offset 11; " + latin,
		"\x1b[31mrot\xe9\n":              "line 1 is dropped for its byte E9 at offset 8; " + latin,
		"\xe9\x00t\x00\xe9\x00\n":        "line 1 is dropped for its byte E9 at offset 0; " + wide,
		"\x7fELF\x02\x01\x01\x80\n":      "line 1 is dropped for its byte 80 at offset 6; " + binary,
		"\x89PNG\r\n\x1a\n\x00\x00\x80":  "line 1 is dropped for its byte 89 at offset 0; " + latin,
		strings.Repeat("x", 30_000) + "\nü" + strings.Repeat("y", 20) + "\xc3\n": "line 2 is dropped for its byte C3 at offset 22; " + latin,
	} {
		r := newReading(strings.NewReader(stream), 100)
		_, err := r.next()
		for !isNotUTF8(err) && err != io.EOF {
			_, err = r.next()
		}
		if err.Error() != "not UTF-8: "+want {
			t.Errorf("%.30q: %v\nwant not UTF-8: %s", stream, err, want)
		}
	}
	r := newReading(strings.NewReader(strings.Repeat("caf\xe9\nok\n", 8)), 100)
	for i := range 8 {
		_, err := r.next()
		if want := fmt.Sprintf("not UTF-8: %d lines dropped so far", i+1); i > 0 && err.Error() != want {
			t.Errorf("refusal %d is %q, want %q", i+1, err, want)
		}
		if line, err := r.next(); string(line) != "ok" || err != nil {
			t.Errorf("after refusal %d: %q, %v", i+1, line, err)
		}
	}
}
