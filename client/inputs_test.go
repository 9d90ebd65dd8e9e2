package client_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"partyline/client"
)

// TestInputs sends the table of inputs. Clients over both transports have the events of a member that reads the
// lines of the server itself. What the table has as texts they then say, and the result is the same.
func TestInputs(t *testing.T) {
	s := newServer(t)
	reader := newLineReader(t, s.tcp)
	clients := map[string]*client.Client{
		"tcp": dial(t, s.tcp, client.Options{}),
		"ws":  dial(t, "ws://"+s.http, client.Options{}),
	}
	talker := dial(t, s.tcp, client.Options{Nick: "talker"})
	compare := func(marker string) {
		t.Helper()
		say(t, talker, marker)
		want := reader.until(t, marker)
		for name, c := range clients {
			var got []string
			for _, e := range until(t, c, marker) {
				got = append(got, string(e.AppendJSON(nil)))
			}
			for i := range max(len(got), len(want)) {
				if i >= len(got) || i >= len(want) || got[i] != want[i] {
					t.Fatalf("%s: event %d of %d is\n%s\nwant, of %d,\n%s", name, i, len(got), at(got, i), len(want), at(want, i))
				}
			}
		}
	}
	say(t, talker, "the start")
	reader.until(t, "the start")
	for _, c := range clients {
		until(t, c, "the start")
	}
	rows := readTable(t)
	for i, row := range rows {
		conn, err := net.Dial("tcp", s.tcp)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, row)
		conn.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, conn)
		conn.Close()
		compare(fmt.Sprint("end of row ", i))
	}

	said := 0
	for _, row := range rows {
		for line := range strings.Lines(row) {
			var q struct{ Type, Text string }
			if json.Unmarshal([]byte(line), &q) != nil || q.Type != "say" || q.Text == "" {
				continue
			}
			for _, c := range clients {
				_, err := c.Say(t.Context(), q.Text)
				if refused := new(client.Error); err != nil && !errors.As(err, &refused) {
					t.Fatalf("%q: %v", q.Text, err)
				}
			}
			said++
		}
	}
	compare("the end")
	if len(rows) < 200 || said < 20 {
		t.Errorf("%d rows, %d texts", len(rows), said)
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "nothing"
}

// readTable returns what the rows of docs/inputs.txt send over TCP.
func readTable(t *testing.T) (rows []string) {
	t.Helper()
	f, err := os.Open("../docs/inputs.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	repeated := regexp.MustCompile(`«(.*?)\*(\d+)»`)
	quoted := func(s string) string { // undoes Go's escapes
		s, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for in := bufio.NewScanner(f); in.Scan(); {
		key, value, _ := strings.Cut(in.Text(), ": ")
		value = repeated.ReplaceAllStringFunc(value, func(s string) string {
			m := repeated.FindStringSubmatch(s)
			n, _ := strconv.Atoi(m[2])
			return strings.Repeat(m[1], n)
		})
		if key == "what" {
			rows = append(rows, "")
			continue
		}
		if strings.HasPrefix(key, "json") && rows[len(rows)-1] == "" {
			rows[len(rows)-1] = "/format json\n"
		}
		switch key {
		case "json":
			rows[len(rows)-1] += value + "\n"
		case "json bytes", "text":
			rows[len(rows)-1] += quoted(value) + "\n"
		case "raw":
			rows[len(rows)-1] += quoted(value)
		}
	}
	return rows
}

// A lineReader is a member that reads the lines of a server.
type lineReader struct{ lines *bufio.Reader }

func newLineReader(t *testing.T, address string) *lineReader {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	io.WriteString(conn, "/format json\n"+`{"type":"nick","nick":"bob"}`+"\n")
	return &lineReader{bufio.NewReader(conn)}
}

// until returns the lines up to a message, without private messages, which only this member gets, and without
// answers.
func (r *lineReader) until(t *testing.T, last string) (lines []string) {
	t.Helper()
	for {
		line, err := r.lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		var e struct{ Type, Text string }
		if json.Unmarshal([]byte(line), &e) != nil || e.Type == "private" || e.Type == "ack" || e.Type == "ping" {
			continue
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
		if e.Text == last {
			return lines
		}
	}
}
