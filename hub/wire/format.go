package wire

// Format says in which of the two formats of the wire a member speaks and listens.
type Format uint8

// The formats. Text is for people, JSON for programs.
const (
	Text Format = iota
	JSON
)
