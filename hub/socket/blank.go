package socket

// maxBlank bounds the white space in a blank line, in bytes. No limit for lines is lower.
const maxBlank = 16

// BlankLines returns how many bytes at the start of b are blank lines. A blank line has at
// most 16 bytes before its LF, which are spaces, tabs and carriage returns. A gateway passes
// several blank lines in a row to the hub as one, so that they cost little.
func BlankLines(b []byte) int {
	n := 0
	for i, c := range b {
		switch c {
		case '\n':
			if i-n > maxBlank {
				return n
			}
			n = i + 1
		case ' ', '\t', '\r':
		default:
			return n
		}
	}
	return n
}
