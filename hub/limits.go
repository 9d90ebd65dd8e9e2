package hub

import "partyline/hub/admission"

// limits are the Options that SetLimits changes. They do not change themselves.
type limits struct {
	admission.Limits
	rate  float64
	burst int
}

// SetLimits replaces Options.Rate, Burst and Limits. It disconnects nobody: the limits count from the
// next line of each member, the next member and the next room on. A member that is not being read
// because of its rate is read again when it would have been.
func (h *Hub) SetLimits(rate float64, burst int, l admission.Limits) {
	if l.PageLimit == 0 {
		l.PageLimit = DefaultPageLimit
	}
	h.limits.Store(&limits{l, rate, burst})
	h.gate.SetLimits(l)
	h.backlog.limit.Store(l.Backlog)
}
