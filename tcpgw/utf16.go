package tcpgw

// isUTF16 reports whether a stream that begins with b has a byte order mark of UTF-16, if b
// decides that. Four bytes always do.
//
// FF FE is telnet's IAC DONT as well. It is a byte order mark if the character after it is one
// of those that text begins with: its first byte is no option that telnet has, or its second
// byte is 0.
func isUTF16(b []byte) (yes, decided bool) {
	const lastOption = 49 // of the numbers that have been assigned without a gap
	switch {
	case len(b) == 0:
		return false, false
	case b[0] == 0xfe:
		return len(b) > 1 && b[1] == 0xff, len(b) > 1
	case b[0] != 0xff:
		return false, true
	case len(b) == 1:
		return false, false
	case b[1] != 0xfe:
		return false, true
	case len(b) == 2:
		return false, false
	case b[2] > lastOption && b[2] != iac:
		return true, true
	case len(b) == 3:
		return false, false
	}
	return b[3] == 0, true
}
