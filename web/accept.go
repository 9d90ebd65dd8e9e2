package web

import (
	"iter"
	"mime"
	"strconv"
	"strings"
)

// wantsText reports whether a client prefers plain text to HTML, by the values of its Accept header
// (RFC 9110 section 12.5.1). Of types that it likes equally it prefers the one that it names. Without
// a preference it gets HTML.
func wantsText(accept []string) bool {
	var text, html preference
	for mediaType, quality := range elements(accept) {
		switch mediaType {
		case "text/plain":
			text.set(preference{quality, 3})
		case "text/html":
			html.set(preference{quality, 3})
		case "text/*":
			text.set(preference{quality, 2})
			html.set(preference{quality, 2})
		case "*/*":
			text.set(preference{quality, 1})
			html.set(preference{quality, 1})
		}
	}
	return text.quality > html.quality || text.quality == html.quality && text.quality > 0 && text.exact > html.exact
}

// acceptsGzip reports whether a client accepts the content coding gzip, by the values of its Accept-Encoding header
// (RFC 9110 section 12.5.3).
func acceptsGzip(accept []string) bool {
	var p preference
	for coding, quality := range elements(accept) {
		switch coding {
		case "gzip", "x-gzip":
			p.set(preference{quality, 2})
		case "*":
			p.set(preference{quality, 1})
		}
	}
	return p.quality > 0
}

// elements returns the elements of the values of an Accept header, in lower case and without parameters, and their
// qualities. It leaves out invalid ones.
func elements(values []string) iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		for element := range strings.SplitSeq(strings.Join(values, ","), ",") {
			name, parameters, err := mime.ParseMediaType(element)
			if err != nil {
				continue
			}
			quality := 1.0
			if q, ok := parameters["q"]; ok {
				if quality, err = strconv.ParseFloat(q, 64); err != nil {
					continue
				}
			}
			if !yield(name, quality) {
				return
			}
		}
	}
}

// A preference is how much a client likes a type, and how exactly it names it. The zero preference
// is for a type that it does not accept.
type preference struct {
	quality float64
	exact   int
}

// set sets the preference unless it is already named more exactly.
func (p *preference) set(other preference) {
	if other.exact >= p.exact {
		*p = other
	}
}
