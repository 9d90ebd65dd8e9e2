package hub

import "slices"

// maxAnswer bounds an answer on the wire, and leaves place for what is around a list.
const maxAnswer = 60<<10 - 512

// A page is a list of messages in JSON, as an answer has it. Many may ask for the same at
// once, as when all come back after a restart, so the last one is kept encoded.
type page struct {
	found   []*Message // that were to be in it
	fromEnd bool
	fits    []*Message // those that are: from the end of found, or from its beginning
	json    []byte     // a JSON array of them
}

// pageOf returns the page of messages that is in an answer.
func (h *Hub) pageOf(found []*Message, fromEnd bool) *page {
	if p := h.lastPage.Load(); p != nil && p.fromEnd == fromEnd && slices.Equal(p.found, found) {
		return p
	}
	p := newPage(found, fromEnd)
	h.lastPage.Store(p)
	return p
}

func newPage(found []*Message, fromEnd bool) *page {
	p := &page{found: found, fromEnd: fromEnd}
	var buf []byte
	var ends []int
	for i := range found {
		m := found[i]
		if fromEnd {
			m = found[len(found)-1-i]
		}
		buf = m.AppendJSON(buf)
		if len(buf)+len(ends) >= maxAnswer && i > 0 {
			break
		}
		ends = append(ends, len(buf))
	}
	n := len(ends)
	p.fits = found[:n]
	p.json = append(make([]byte, 0, len(buf)+n+2), '[')
	if fromEnd {
		p.fits = found[len(found)-n:]
	}
	for i := range n {
		k := i
		if fromEnd {
			k = n - 1 - i
		}
		begin := 0
		if k > 0 {
			begin = ends[k-1]
		}
		if i > 0 {
			p.json = append(p.json, ',')
		}
		p.json = append(p.json, buf[begin:ends[k]]...)
	}
	p.json = append(p.json, ']')
	return p
}
