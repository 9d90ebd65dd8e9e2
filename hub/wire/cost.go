package wire

// A Cost says how much of its allowance a line takes from its sender.
type Cost uint8

// The costs of lines.
const (
	Idle   Cost = iota // no client hears it, and it gets no answer
	Plain              // one line
	Costly             // it affects other clients, or costs the server more than others
)

// Cost returns what a request costs a member that speaks a format. A nil request, of a line
// that asks for nothing, is idle.
func (q *Request) Cost(f Format) Cost {
	switch {
	case q == nil:
		return Idle
	case q.Verb == VerbFormat && f == Text && q.Format == Text: // nothing changes, and there is no answer
		return Idle
	}
	return commandFor(q.Verb).cost
}
