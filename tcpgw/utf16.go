package tcpgw

// isUTF16 reports whether b, the beginning of a stream, has a byte order mark of UTF-16. Four
// bytes always tell.
//
// FF FE is telnet's IAC DONT as well. It is a byte order mark if the character after it is one
// of those that text begins with: its first byte is no option that telnet has, or its second
// byte is 0.
func isUTF16(b []byte) bool {
	const lastOption = 49 // of the numbers that have been assigned without a gap
	switch {
	case len(b) >= 2 && b[0] == 0xfe:
		return b[1] == 0xff
	case len(b) < 3 || b[0] != 0xff || b[1] != 0xfe:
		return false
	case b[2] > lastOption && b[2] != iac:
		return true
	}
	return len(b) > 3 && b[3] == 0
}
