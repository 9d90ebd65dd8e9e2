package clean

import "math/bits"

// Plain returns the number of bytes at the start of s that are printable ASCII characters other
// than quotation marks and backslashes. Such text is clean, and a JSON string as it is.
func Plain[T string | []byte](s T) int {
	const ones = 0x0101010101010101
	i := 0
	for ; i+8 <= len(s); i += 8 { // 8 bytes at a time; a bit may be wrong only after one that is right
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		quote, backslash := w^ones*'"', w^ones*'\\'
		other := w | (w + ones) | (w - ones*' ') // below a space, DEL, or not ASCII
		other |= (quote-ones)&^quote | (backslash-ones)&^backslash
		if other &= ones << 7; other != 0 {
			return i + bits.TrailingZeros64(other)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			break
		}
	}
	return i
}
