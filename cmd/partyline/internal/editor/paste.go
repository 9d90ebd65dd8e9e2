package editor

import "strings"

// PastedLines returns the lines of a pasted text, cleaned like that of Insert, without empty lines
// at its end. A text of several lines may be several messages, or one if the lines are joined.
func PastedLines(s string) []string {
	return strings.Split(strings.TrimRight(cleanText(s), "\n"), "\n")
}
