package web

import (
	"bytes"
	"fmt"
	"html"
)

// A document is a page in HTML while it is built. It does what the pages need of html/template, which would
// make the program two megabytes larger, because the linker then keeps every exported method.
type document struct{ bytes.Buffer }

// A source is HTML from this package. Only a constant becomes a source without a conversion, so a message
// can't be one by mistake.
type source string

// add adds HTML in which %s and %d stand for args: strings, which it escapes, and integers. Each %s must be
// between elements or in a quoted attribute. A URL must begin with a relative path.
func (d *document) add(format source, args ...any) {
	for i, arg := range args {
		if s, ok := arg.(string); ok {
			args[i] = html.EscapeString(s)
		}
	}
	fmt.Fprintf(d, string(format), args...)
}
