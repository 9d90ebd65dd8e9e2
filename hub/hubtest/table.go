package hubtest

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// transports are the names of the transports in the table.
var transports = []string{"tcp", "ws"}

// An input is one row of the table: what a member sends, and the result for each transport.
type input struct {
	what    string
	json    bool
	sent    []sending
	leaves  bool              // the sender then ends its side
	results map[string]result // by the name of the transport; others do not get the input
}

// A sending is one line or message that the sender sends.
type sending struct {
	kind    Kind
	written string // as the table shows it
	data    []byte
	await   string // part of an event for which the sender waits afterwards; "" for none
}

// A result is what the sender and another member of the room receive. The sender's name is
// ME, that of the other member is bob. "…" stands for any text.
type result struct {
	sender, others []string
	end            string // how the sender's connection ends; "" if it stays open
}

// readInputs reads the table from a file. Each line is a key, ": " and a value. Empty lines
// and lines that start with # are ignored. The keys:
//
//	what         the name of a row; starts the row
//	text         a line of text with Go's escapes; over WebSocket, a text message
//	json         a request in JSON, without Go's escapes; the sender uses JSON
//	json bytes   a request in JSON, with Go's escapes
//	raw          bytes without a line ending, over TCP
//	binary       a binary message, over WebSocket
//	await        part of an event for which the sender waits after the previous line
//	only         the only transport for which the row is tested
//	then         "end of input": the sender ends its side
//	sender       an event that the sender receives; the default is "nothing"
//	others       an event that the other member receives
//	both         an event that both receive
//	end          how the connection ends: "eof", or a close code
//
// The last four may have the name of a transport before them, and then apply to it alone.
// «x*5» stands for xxxxx.
func readInputs(path string) ([]*input, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []*input
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, ": ")
		switch {
		case !ok:
			err = fmt.Errorf("not a key and a value")
		case key == "what":
			all = append(all, &input{what: value, results: map[string]result{"tcp": {}, "ws": {}}})
		case len(all) == 0:
			err = fmt.Errorf("the key is not in a row")
		default:
			err = all[len(all)-1].set(key, value)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	return all, lines.Err()
}

// set applies a key and its value to the row.
func (in *input) set(key, value string) error {
	switch key {
	case "text":
		return in.send(LineOfText, value, true)
	case "json":
		in.json = true
		return in.send(LineOfText, value, false)
	case "json bytes":
		in.json = true
		return in.send(LineOfText, value, true)
	case "raw":
		return in.send(RawBytes, value, true)
	case "binary":
		return in.send(BinaryMessage, value, true)
	case "await":
		in.sent[len(in.sent)-1].await = value
		return nil
	case "only":
		for _, transport := range transports {
			if transport != value {
				delete(in.results, transport)
			}
		}
		return nil
	case "then":
		in.leaves = value == "end of input"
		return nil
	}
	affected := transports
	if transport, rest, ok := strings.Cut(key, " "); ok && slices.Contains(transports, transport) {
		affected, key = []string{transport}, rest
	}
	for _, transport := range affected {
		r, ok := in.results[transport]
		if !ok {
			continue
		}
		if !r.set(key, value) {
			return fmt.Errorf("unknown key %q", key)
		}
		in.results[transport] = r
	}
	return nil
}

// set applies a key and its value to the result. It reports whether the key is known.
func (r *result) set(key, value string) bool {
	switch {
	case key == "end":
		r.end = value
	case value == "nothing":
		return key == "sender" || key == "others" || key == "both"
	case key == "sender":
		r.sender = append(r.sender, value)
	case key == "others":
		r.others = append(r.others, value)
	case key == "both":
		r.sender = append(r.sender, value)
		r.others = append(r.others, value)
	default:
		return false
	}
	return true
}

// send appends a line or message to what the sender sends.
func (in *input) send(kind Kind, written string, escaped bool) error {
	data := expand(written)
	if escaped {
		var err error
		data, err = strconv.Unquote(`"` + strings.ReplaceAll(data, `"`, `\"`) + `"`)
		if err != nil {
			return fmt.Errorf("%s: %w", written, err)
		}
	}
	in.sent = append(in.sent, sending{kind: kind, written: written, data: []byte(data)})
	return nil
}

var repetition = regexp.MustCompile(`«(.+?)\*(\d+)»`)

// expand replaces «x*5» with xxxxx.
func expand(s string) string {
	return repetition.ReplaceAllStringFunc(s, func(found string) string {
		part := repetition.FindStringSubmatch(found)
		n, _ := strconv.Atoi(part[2])
		return strings.Repeat(part[1], n)
	})
}
