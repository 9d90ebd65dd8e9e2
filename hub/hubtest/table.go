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

// doors are the columns of the table.
var doors = []string{"tcp", "ws"}

// An input is one row: what a member sends, and what comes of it behind each door.
type input struct {
	what   string
	json   bool
	sent   []sending
	leaves bool              // the sender ends its side behind it
	doors  map[string]result // those it is sent through
}

// A sending is one line or message.
type sending struct {
	kind    Kind
	written string // as it stands in the table
	data    []byte
	await   string // what the sender is told before it goes on
}

// A result is what the sender and another member of the room are told. The sender is ME
// there, the other one bob. "…" stands for anything.
type result struct {
	sender, others []string
	end            string // how the sender's connection ends; "" where it goes on
}

// readInputs reads the table from its file: blocks parted by empty lines, each line of a
// block a key and a value. The keys:
//
//	what         the name of the row, which begins the block
//	text         a line of text, Go's escapes understood: a line over TCP, a message elsewhere
//	json         a request, as it stands; the sender speaks JSON then
//	json bytes   the same with Go's escapes
//	raw          bytes without a line ending, where there are lines
//	binary       a binary message, where there are such
//	await        what the sender waits for behind the line before
//	only         the one door that this is sent through
//	then         "end of input": the sender ends its side
//	sender       an event that the sender is told; "nothing" is the default
//	others       one that the others are told
//	both         one that both are told
//	end          how the connection ends: "eof", or a close code
//
// The last four may bear a door's name in front, and speak of that door alone then.
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
			err = fmt.Errorf("neither a key nor a value")
		case key == "what":
			all = append(all, &input{what: value, doors: map[string]result{"tcp": {}, "ws": {}}})
		case len(all) == 0:
			err = fmt.Errorf("no row begins here")
		default:
			err = all[len(all)-1].set(key, value)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	return all, lines.Err()
}

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
		for _, door := range doors {
			if door != value {
				delete(in.doors, door)
			}
		}
		return nil
	case "then":
		in.leaves = value == "end of input"
		return nil
	}
	affected := doors
	if door, rest, ok := strings.Cut(key, " "); ok && slices.Contains(doors, door) {
		affected, key = []string{door}, rest
	}
	for _, door := range affected {
		r, ok := in.doors[door]
		if !ok {
			continue
		}
		if !r.set(key, value) {
			return fmt.Errorf("unknown key %q", key)
		}
		in.doors[door] = r
	}
	return nil
}

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

func expand(s string) string {
	return repetition.ReplaceAllStringFunc(s, func(found string) string {
		part := repetition.FindStringSubmatch(found)
		n, _ := strconv.Atoi(part[2])
		return strings.Repeat(part[1], n)
	})
}
