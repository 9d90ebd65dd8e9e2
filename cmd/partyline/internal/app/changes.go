package app

import (
	"log/slog"
	"slices"

	"github.com/spf13/pflag"

	"partyline/hub/clean"
)

// maxReported bounds what the log has of a value, in bytes.
const maxReported = 200

// update returns c with the values of fresh for the flags that can be reloaded: the others stay. It
// also returns the flags with another value in fresh, each with both values: those that can be
// reloaded, and those that need a restart.
func (c *Config) update(fresh *Config) (next *Config, changed, restart []slog.Attr) {
	copied := *c
	next = &copied
	from, to := fresh.flags(), next.flags()
	to.VisitAll(func(f *pflag.Flag) {
		v := from.Lookup(f.Name).Value
		is, was := tomlValue(v), tomlValue(f.Value)
		if is == was {
			return
		}
		attr := slog.String(f.Name, clean.Quote(was, maxReported)+" -> "+clean.Quote(is, maxReported))
		if !slices.Contains(reloaded, f.Name) {
			restart = append(restart, attr)
			return
		}
		changed = append(changed, attr)
		f.Value.(copier).copyFrom(v)
	})
	return next, changed, restart
}
