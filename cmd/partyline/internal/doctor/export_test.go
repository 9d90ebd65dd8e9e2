package doctor

import "slices"

// Lines returns all lines of advice for a program, each with its place.
func Lines(program string) []Advice {
	all := slices.Concat(remedyVersion, remedyUpgrade, remedyHost, remedyTimeout, remedyBuffering, remedyScheme,
		remedyUpstream("https", "127.0.0.1:8080", "server partyline 127.0.0.1:8080 ssl verify none"),
		remedyPrefix("/party", "127.0.0.1:8080"), remedyPROXY)
	for _, r := range remedyClient {
		all = append(all, r...)
	}
	return slices.DeleteFunc(all, func(a Advice) bool { return a.For != program || len(a.Lines) == 0 })
}
