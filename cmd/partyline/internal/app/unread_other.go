//go:build !unix || portable

package app

import "io"

// watchReader does nothing: a write fails when nobody reads any more.
func watchReader(io.Writer, func()) (stop func()) { return func() {} }
