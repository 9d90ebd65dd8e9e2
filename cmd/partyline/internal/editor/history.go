package editor

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

const (
	maxHistory = 1000    // entries
	maxEntry   = 1 << 20 // bytes of an entry in a file
)

// A History is the texts that were said, the newest last. It keeps the newest 1,000. The zero
// value is empty.
type History struct {
	entries []string
	dropped int // entries that are no longer kept
}

// Add adds a text, unless it is blank or the same as the newest.
func (h *History) Add(text string) {
	n := len(h.entries)
	if strings.TrimSpace(text) == "" || n > 0 && h.entries[n-1] == text {
		return
	}
	if n == maxHistory {
		h.entries = append(h.entries[:0], h.entries[1:]...)
		h.dropped++
	}
	h.entries = append(h.entries, text)
}

// Load adds the entries that Save wrote, and cleans them. A line longer than 1 MiB is an error.
func (h *History) Load(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxEntry)
	for lines.Scan() {
		h.Add(cleanText(unescape.Replace(lines.Text())))
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// Save writes the entries, each on a line, the newest last. LF is written as \n, and \ as \\.
func (h *History) Save(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, entry := range h.entries {
		out.WriteString(escape.Replace(entry))
		out.WriteByte('\n')
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

var (
	escape   = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	unescape = strings.NewReplacer(`\\`, `\`, `\n`, "\n")
)

// first and end return the numbers of the oldest entry and of the next one. An entry keeps its
// number when older ones are dropped.
func (h *History) first() int { return h.dropped }
func (h *History) end() int   { return h.dropped + len(h.entries) }

// has reports whether the history keeps the entry with a number, which entry returns.
func (h *History) has(n int) bool { return h.first() <= n && n < h.end() }

func (h *History) entry(n int) string { return h.entries[n-h.dropped] }
