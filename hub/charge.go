package hub

// idleShare is how many idle lines cost as much as one line: blank lines, and others that
// nobody hears and that get no answer. Such a line costs the server its parsing and no
// write, less than a hundredth of a line to a large room. Thousands that come at once fit
// into the usual allowance, so that a client that sends them and leaves keeps no name.
const idleShare = 100

// A charge is what a line costs its sender.
type charge struct {
	shares  int // of a line
	favours int
}

var (
	chargeLine   = charge{shares: idleShare}
	chargeFavour = charge{shares: idleShare, favours: 1}
	chargeIdle   = charge{shares: 1}
)

// charge returns what a request costs a member that speaks a format. q is nil if the line
// asks for nothing.
func (q *request) charge(f Format) charge {
	if q == nil {
		return chargeIdle
	}
	switch q.verb {
	case verbNick, verbJoin, verbMsg, verbRooms, verbHistory, verbSince, verbSearch:
		return chargeFavour
	case verbFormat:
		if f == Text && q.name == "text" { // nothing changes, and there is no answer
			return chargeIdle
		}
	}
	return chargeLine
}
