package editor

import "strings"

// maxHistory is the largest number of entries in a history.
const maxHistory = 1000

// A History is the texts that were said, the newest last. It keeps the newest 1,000. The zero
// value is empty.
type History struct {
	entries []string
	dropped int // entries that are no longer kept
}

// Add adds a text, cleaned like that of Line.Insert, unless it is blank or the same as the newest.
func (h *History) Add(text string) {
	n := len(h.entries)
	text = cleanText(text)
	if strings.TrimSpace(text) == "" || n > 0 && h.entries[n-1] == text {
		return
	}
	if n == maxHistory {
		h.entries = append(h.entries[:0], h.entries[1:]...)
		h.dropped++
	}
	h.entries = append(h.entries, text)
}

// first and end return the numbers of the oldest entry and of the next one. An entry keeps its
// number when older ones are dropped.
func (h *History) first() int { return h.dropped }
func (h *History) end() int   { return h.dropped + len(h.entries) }

// has reports whether the history keeps the entry with a number, which entry returns.
func (h *History) has(n int) bool { return h.first() <= n && n < h.end() }

func (h *History) entry(n int) string { return h.entries[n-h.dropped] }
