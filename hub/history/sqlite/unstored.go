package sqlite

import (
	"maps"
	"time"

	"partyline/hub/history"
)

// unstored knows the keys of messages that were told and not stored.
type unstored struct {
	ids map[[2]string]keyed
}

type keyed struct {
	id int64
	at time.Time // with its monotonic reading, so that it does not matter if the clock is set
}

// maxUnstored bounds them: past it those that are old enough go, and then any.
const maxUnstored = 100_000

func (u *unstored) find(room, key string, now time.Time) (id int64, ok bool) {
	k, ok := u.ids[[2]string{room, key}]
	return k.id, ok && key != "" && now.Sub(k.at) < history.KeyLife
}

func (u *unstored) keep(room, key string, id int64, now time.Time) {
	if key == "" {
		return
	}
	if u.ids == nil {
		u.ids = make(map[[2]string]keyed)
	}
	if len(u.ids) >= maxUnstored {
		maps.DeleteFunc(u.ids, func(_ [2]string, k keyed) bool { return now.Sub(k.at) >= history.KeyLife })
	}
	for k := range u.ids {
		if len(u.ids) < maxUnstored {
			break
		}
		delete(u.ids, k)
	}
	u.ids[[2]string{room, key}] = keyed{id, now}
}
