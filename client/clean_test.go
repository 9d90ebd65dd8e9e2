package client

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"partyline/hub/hubtest/fuzztest"
)

// unsafeIn returns the path of a string in v that must not be shown, or "". Texts of members may have
// several lines.
func unsafeIn(v reflect.Value, path string) string {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return unsafeIn(v.Elem(), path)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return ""
		}
		for i := range v.NumField() {
			if bad := unsafeIn(v.Field(i), path+"."+v.Type().Field(i).Name); bad != "" {
				return bad
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if bad := unsafeIn(v.Index(i), path); bad != "" {
				return bad
			}
		}
	case reflect.String:
		if s := v.String(); isUnsafe(s) || strings.ContainsAny(s, "\t\n") && path != "Message.Text" && path != "Private.Text" {
			return path
		}
	}
	return ""
}

// isUnsafe reports whether a text has characters that must not be shown.
func isUnsafe(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\t' && r != '\n' || r == 0x2028 || r == 0x2029 ||
			r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
	})
}

// FuzzClean puts a text into every field of every object that a server may send.
func FuzzClean(f *testing.F) {
	for _, s := range append(fuzztest.Lines, "plain", "\x7f", "\x1b[31mred\x1b[m", "a\nb", "\u202eevil", "\u009b2J", "é\x1b]0;t\a") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		escaped, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, quoted := range []string{string(escaped), `"` + s + `"`} { // escaped, and as it is
			for _, typ := range []string{"message", "action", "private", "join", "leave", "nick", "presence", "notice", "error", "welcome", "bye", "who"} {
				line := `{"type":"` + typ + `","ref":S,"key":S,"room":S,"nick":S,"from":S,"to":S,"via":S,"text":S`
				if typ != "message" { // which scan decodes
					line += `,"code":S,"message":S,"reason":S,"server":{"version":S},"members":[{"nick":S,"via":S,"idle":300}],"rooms":[{"room":S}],` +
						`"messages":[{"type":"message","from":S,"via":S,"room":S,"text":S}]`
				}
				o, err := decode([]byte(strings.ReplaceAll(line+"}", ":S", ":"+quoted)))
				if err != nil {
					continue
				}
				for _, v := range []any{o.event(), o.message(), o.messages(), o.welcome(), o.refusal(), o.Members, o.Rooms, &ByeError{o.Reason}} {
					if v == nil {
						continue
					}
					name := strings.TrimPrefix(strings.TrimLeft(reflect.TypeOf(v).String(), "[]*"), "wire.")
					if bad := unsafeIn(reflect.ValueOf(v), name); bad != "" {
						t.Fatalf("%s of %s is not clean: %+v", bad, line, v)
					}
				}
			}
		}
	})
}

// A canned is a connection over which the server sends what it has said, and nothing else.
type canned struct {
	net.Conn
	in io.Reader
}

func (c *canned) Read(b []byte) (int, error)      { return c.in.Read(b) }
func (c *canned) Write(b []byte) (int, error)     { return len(b), nil }
func (c *canned) Close() error                    { return nil }
func (c *canned) SetDeadline(time.Time) error     { return nil }
func (c *canned) SetReadDeadline(time.Time) error { return nil }

// FuzzForeign connects to servers that send any bytes. The texts of the errors are safe to show.
func FuzzForeign(f *testing.F) {
	for _, s := range []string{
		"! no\x1b[2J\n", "SSH-2.0-\x1b[2J\r\n", "HTTP/1.1 404 \x1b[31mnot\u202e here\r\n\r\n", "HTTP/1.1 503 x\r\n\r\n\x1b]0;title\abusy\n",
		"HTTP/1.1 301 x\r\nLocation: http://\x1b[2J/\r\n\r\n", "HTTP/1.1 \x1b[2J\r\n", "HTTP/1.1 200 OK\r\nbad\x1bheader\r\n\r\n",
		"{\"type\":\x1b}\n", "\x15\x03\x01\n", "HTTP/1.1 429 x\r\n\r\n" + strings.Repeat("x", 2000), "{}\n",
		`{"type":"welcome"}` + "\n" + `{"type":"error","ref":"nick","message":"\u001b[2J` + "\u202e" + `"}` + "\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		for _, scheme := range []string{"tcp", "ws"} {
			to := &target{scheme: scheme, addr: "chat.example:80", path: "/ws"}
			var l link
			var err error
			if conn := (&guardedConn{Conn: &canned{in: bytes.NewReader(answer)}}); scheme == "tcp" {
				l = newLineLink(conn)
			} else if l, err = new(dialer).upgrade(context.Background(), to, conn); err != nil {
				err = explain(err, to)
			}
			if err == nil {
				_, err = enter(context.Background(), l, to, entry{identity: newIdentity("alice", ""), room: "ops"})
			}
			if err != nil && (isUnsafe(err.Error()) || strings.ContainsAny(err.Error(), "\t\n") || len(err.Error()) > 2000) {
				t.Errorf("over %s the error is %q", scheme, err)
			}
		}
	})
}
