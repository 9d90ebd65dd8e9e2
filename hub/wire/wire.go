// Package wire defines what clients and the server say to each other: the requests of a
// client, the events that it gets, and the encoding of both in the two formats of the
// protocol. Text is for people, JSON is for programs. Both are specified in
// docs/protocol.md.
//
// Everything is a value: the package keeps no state, starts no goroutine and does no I/O.
// An event appends its encoding to a slice. A request is parsed from one line, and its text
// is clean. The commands are one table, from which parsing, help and pacing read.
//
// The package imports partyline/hub/clean and otherwise only the standard library.
// Transports frame the events; package hub performs the requests.
package wire

// Format is one of the two formats. A member uses one format for both directions.
type Format uint8

// The formats.
const (
	Text Format = iota
	JSON
)
