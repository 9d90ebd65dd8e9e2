package wire

import "fmt"

// A Code is the name of an error or a notice in JSON.
type Code string

// The codes of errors.
const (
	CodeLineTooLong    Code = "line_too_long"
	CodeNotUTF8        Code = "not_utf8"
	CodeBadJSON        Code = "bad_json"
	CodeBadRequest     Code = "bad_request"
	CodeUnknownType    Code = "unknown_type"
	CodeUnknownCommand Code = "unknown_command" // only in text, which shows no code
	CodeNickTaken      Code = "nick_taken"
	CodeNickInvalid    Code = "nick_invalid"
	CodeRoomInvalid    Code = "room_invalid"
	CodeNoSuchNick     Code = "no_such_nick"
	CodeUnavailable    Code = "unavailable"
)

// A Refusal says that a request failed. Only the member that made the request gets it. A
// Refusal is an error, and its Message is the error's text.
type Refusal struct {
	Ref, Key string // of the request; may be ""
	Code     Code
	Message  string
}

// BadRequest returns a Refusal with the code bad_request and a message from fmt.Sprintf.
func BadRequest(format string, args ...any) *Refusal {
	return &Refusal{Code: CodeBadRequest, Message: fmt.Sprintf(format, args...)}
}

// TooLong returns the Refusal of a line that has more than max bytes.
func TooLong(max int) *Refusal {
	return &Refusal{Code: CodeLineTooLong, Message: fmt.Sprintf("line too long: at most %d bytes", max)}
}

func (e *Refusal) Error() string { return e.Message }

// AppendText appends "! message".
func (e *Refusal) AppendText(dst []byte) []byte {
	return append(append(dst, "! "...), e.Message...)
}

// AppendJSON appends an object of type error.
func (e *Refusal) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "error")
	dst = appendOptional(dst, "ref", e.Ref)
	dst = appendOptional(dst, "key", e.Key)
	dst = appendString(dst, "code", string(e.Code))
	dst = appendString(dst, "message", e.Message)
	return append(dst, '}')
}
