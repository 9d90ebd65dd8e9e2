package wire

import "slices"

// maxAnswer bounds an answer on the wire, and leaves place for what is around a list.
const MaxAnswer = 60<<10 - 512

// A page is a list of messages in JSON, as an answer has it.
type Page struct {
	found   []*Message // that were to be in it
	fromEnd bool
	Fits    []*Message // those that are: from the end of found, or from its beginning
	json    []byte     // a JSON array of them
}

// has reports whether newPage(found, fromEnd) would return the like of p, which may be nil.
func (p *Page) Has(found []*Message, fromEnd bool) bool {
	return p != nil && p.fromEnd == fromEnd && slices.Equal(p.found, found)
}

// newPage encodes as many of some messages, oldest first or newest first, as fit into an
// answer: the last of them if fromEnd is set, otherwise the first.
func NewPage(found []*Message, fromEnd bool) *Page {
	p := &Page{found: found, fromEnd: fromEnd}
	var buf []byte
	var ends []int
	for i := range found {
		m := found[i]
		if fromEnd {
			m = found[len(found)-1-i]
		}
		buf = m.AppendJSON(buf)
		if len(buf)+len(ends) >= MaxAnswer && i > 0 {
			break
		}
		ends = append(ends, len(buf))
	}
	n := len(ends)
	p.Fits = found[:n]
	p.json = append(make([]byte, 0, len(buf)+n+2), '[')
	if fromEnd {
		p.Fits = found[len(found)-n:]
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
