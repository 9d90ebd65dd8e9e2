package web

import (
	"bytes"
	"fmt"
	"html"
)

// A document is a page in HTML, as it is built. It does what the pages need of html/template, which makes the program
// two megabytes larger: package reflect then keeps every exported method.
type document struct{ bytes.Buffer }

// A source is HTML from this package. Only a constant becomes a source without a conversion, so that
// what somebody has written can't be one.
type source string

// add adds HTML in which %s and %d stand for args: strings, which are escaped, and integers. Each %s is
// between elements or in a quoted attribute. One that is a URL begins with a relative path.
func (d *document) add(format source, args ...any) {
	for i, arg := range args {
		if s, ok := arg.(string); ok {
			args[i] = html.EscapeString(s)
		}
	}
	fmt.Fprintf(d, string(format), args...)
}
