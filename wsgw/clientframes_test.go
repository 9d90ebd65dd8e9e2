package wsgw

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// Functions that return frames of a client.

func text(s string) []byte   { return frame(0x81, s) }
func octets(s string) []byte { return frame(0x82, s) }
func first(s string) []byte  { return frame(0x01, s) } // a text message in fragments
func middle(s string) []byte { return frame(0x00, s) }
func last(s string) []byte   { return frame(0x80, s) }
func ping(s string) []byte   { return frame(0x89, s) }
func pong(s string) []byte   { return frame(0x8a, s) }

func clientClose(code uint16, reason string) []byte {
	return frame(0x88, string(binary.BigEndian.AppendUint16(nil, code))+reason)
}

// frame returns a masked frame with a first byte and a payload.
func frame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	return appendMasked(b, "\x01\x02\x03\x04", payload)
}

// withMask returns a short message with a given mask.
func withMask(mask, payload string) []byte {
	return appendMasked([]byte{0x81, 0x80 | byte(len(payload))}, mask, payload)
}

func appendMasked(b []byte, mask, payload string) []byte {
	b = append(b, mask...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i%4])
	}
	return b
}

func raw(b ...byte) []byte { return b }

func join(frames ...[]byte) []byte { return bytes.Join(frames, nil) }

func times(n int, frames []byte) []byte { return slices.Repeat(frames, n) }

// fragments returns a message of n frames.
func fragments(n int) []byte {
	b := frame(0x01, "a")
	if n == 1 {
		b[0] |= 0x80
		return b
	}
	for range n - 2 {
		b = append(b, frame(0x00, "")...)
	}
	return append(b, frame(0x80, "z")...)
}

// inFragments returns a text message in fragments of size bytes.
func inFragments(s string, size int) []byte {
	var b []byte
	for part := range slices.Chunk([]byte(s), size) {
		b = append(b, middle(string(part))...)
	}
	b[0] |= 0x01
	return append(b, last("")...)
}

// long returns a text of n bytes whose parts differ.
func long(n int) string {
	b := make([]byte, 0, n+8)
	for i := 0; len(b) < n; i++ {
		b = fmt.Appendf(b, "%d.", i)
	}
	return string(b[:n])
}
