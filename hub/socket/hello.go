package socket

import (
	"bytes"
	"encoding/binary"
	"io"
)

const (
	// recordHeader is the length of the header of a TLS record: its type, its version, and its length.
	recordHeader = 5
	// pieceSize is the largest size of the records into which a hello divides a ClientHello.
	pieceSize = 512
)

// A hello is the first TLS record of a client. It has the ClientHello, about 1.5 KB, which is more than
// most clients send in any later record. A tls.Conn keeps a buffer as large as the largest record, and
// one as large as the largest message of a handshake. So it gets the ClientHello in several records,
// as RFC 8446 allows (section 5.1). That saves 1.5 KB of memory for each connection.
type hello struct {
	early  []byte   // input that came before the tls.Conn
	pieces [][]byte // of what was received, for one Read each; nil before
	err    error    // comes after the pieces
}

// read is Read of a tlsLayer until it returns false for more. from provides what comes after early.
func (h *hello) read(from io.Reader, b []byte) (n int, more bool, err error) {
	if h.pieces == nil {
		h.receive(from)
	}
	if len(h.pieces) == 0 {
		return 0, true, h.err
	}
	n = copy(b, h.pieces[0])
	if h.pieces[0] = h.pieces[0][n:]; len(h.pieces[0]) == 0 {
		h.pieces = h.pieces[1:]
	}
	return n, len(h.pieces) > 0 || h.err != nil, nil
}

// receive receives the record. It does not change what does not look like a ClientHello.
func (h *hello) receive(from io.Reader) {
	early := bytes.NewReader(h.early)
	in := io.MultiReader(early, from)
	record := make([]byte, recordHeader)
	n, err := io.ReadFull(in, record)
	if size := int(binary.BigEndian.Uint16(record[3:])); err == nil && record[0] == HandshakeByte && record[1] == 3 && size <= maxRecord {
		record = append(record, make([]byte, size)...)
		n, err = io.ReadFull(in, record[recordHeader:])
		n += recordHeader
	}
	if h.err = err; err == io.ErrUnexpectedEOF {
		h.err = io.EOF
	}
	h.pieces = [][]byte{}
	switch {
	case h.err == nil && n > recordHeader:
		h.pieces = divide(record)
	case n > 0:
		h.pieces = append(h.pieces, record[:n])
	}
	if early.Len() > 0 {
		h.pieces = append(h.pieces, h.early[len(h.early)-early.Len():])
	}
}

// divide returns records with the content of a larger one. The buffer for a message grows to twice its
// size, or as much as is necessary. It is never too large, because there is a record that ends after a
// quarter of the content, and one that ends after half of it.
func divide(record []byte) (pieces [][]byte) {
	content := record[recordHeader:]
	ends := []int{(len(content) + 3) / 4, (len(content) + 1) / 2, len(content)}
	for start := 0; start < len(content); {
		if start == ends[0] {
			ends = ends[1:]
		}
		end := min(start+pieceSize-recordHeader, ends[0])
		piece := append(make([]byte, 0, pieceSize), record[:3]...)
		piece = binary.BigEndian.AppendUint16(piece, uint16(end-start))
		pieces = append(pieces, append(piece, content[start:end]...))
		start = end
	}
	return pieces
}
