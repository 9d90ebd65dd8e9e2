package tcpgw

// isUTF16 reports whether a stream starts with a byte order mark of UTF-16. b is the start of the
// stream. The result for four bytes is final.
//
// FF FE is also telnet's IAC DONT. It is a byte order mark if the next byte is no telnet option,
// or if the byte after that is 0, as in most text.
func isUTF16(b []byte) bool {
	const lastOption = 49 // the end of the first run of assigned telnet options
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
