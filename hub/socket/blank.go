package socket

// mostBlank bounds a blank line, in bytes. No bound for lines is less.
const mostBlank = 16

// BlankLines returns how many bytes of b are blank lines, before the first byte of any other
// line. A blank line has nothing but spaces, tabs and carriage returns before its LF, and 16
// of them at most. It asks for nothing: a gateway passes a run of them on as one.
func BlankLines(b []byte) int {
	n := 0
	for i, c := range b {
		switch c {
		case '\n':
			if i-n > mostBlank {
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
