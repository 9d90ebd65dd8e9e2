//go:build linux

package load

import (
	"bytes"
	"math/rand/v2"
)

// The text of each message starts with a header of fixed width, which both formats leave
// unchanged: the magic of the run, then in hexadecimal the talker, the sequence number, and
// the time.
const (
	magicSize  = 8
	talkerSize = 4
	seqSize    = 8
	timeSize   = 12
	headerSize = magicSize + talkerSize + seqSize + timeSize
)

// starter is the talker in the header of a room's start message.
const starter = 0xffff

// A header identifies a message of the run.
type header struct {
	talker uint16
	seq    uint32 // from 0, for each talker
	sent   int64  // ns since the run started
}

// magic distinguishes the messages of this run from those of other runs.
type magic [magicSize]byte

func newMagic() magic {
	m := magic{'P', 'L', 'B'}
	appendHex(m[:3], rand.Uint64(), magicSize-3)
	return m
}

func (m *magic) appendHeader(dst []byte, h header) []byte {
	dst = append(dst, m[:]...)
	dst = appendHex(dst, uint64(h.talker), talkerSize)
	dst = appendHex(dst, uint64(h.seq), seqSize)
	return appendHex(dst, uint64(h.sent), timeSize)
}

// find returns the header of the message in a line or frame. ok is false if there is none of
// this run.
func (m *magic) find(content []byte) (h header, ok bool) {
	i := bytes.Index(content, m[:])
	if i < 0 || len(content)-i < headerSize {
		return header{}, false
	}
	b := content[i+magicSize : i+headerSize]
	talker, ok1 := parseHex(b[:talkerSize])
	seq, ok2 := parseHex(b[talkerSize : talkerSize+seqSize])
	sent, ok3 := parseHex(b[talkerSize+seqSize:])
	return header{uint16(talker), uint32(seq), int64(sent)}, ok1 && ok2 && ok3
}

const digits = "0123456789abcdef"

// appendHex appends the lowest width hexadecimal digits of v.
func appendHex(dst []byte, v uint64, width int) []byte {
	for shift := 4 * (width - 1); shift >= 0; shift -= 4 {
		dst = append(dst, digits[v>>shift&0xf])
	}
	return dst
}

func parseHex(b []byte) (v uint64, ok bool) {
	for _, c := range b {
		switch {
		case '0' <= c && c <= '9':
			v = v<<4 | uint64(c-'0')
		case 'a' <= c && c <= 'f':
			v = v<<4 | uint64(c-'a'+10)
		default:
			return 0, false
		}
	}
	return v, true
}
