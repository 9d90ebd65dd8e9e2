package sqlite

import (
	"maps"
	"time"

	"partyline/hub/history"
)

// unstoredKeys has the keys of messages that were delivered but not stored.
type unstoredKeys struct {
	ids map[[2]string]unstoredKey
}

type unstoredKey struct {
	id int64
	at time.Time // with its monotonic reading, so that setting the clock has no effect
}

// maxUnstored bounds the number of unstoredKeys. Above it, keys that are KeyLife old are dropped,
// and then any others.
const maxUnstored = 100_000

// find returns the id of the message that was appended with a key.
func (u *unstoredKeys) find(room, key string, now time.Time) (id int64, ok bool) {
	k, ok := u.ids[[2]string{room, key}]
	return k.id, ok && key != "" && now.Sub(k.at) < history.KeyLife
}

// add adds the key of a message, unless it is empty.
func (u *unstoredKeys) add(room, key string, id int64, now time.Time) {
	if key == "" {
		return
	}
	if u.ids == nil {
		u.ids = make(map[[2]string]unstoredKey)
	}
	if len(u.ids) >= maxUnstored {
		maps.DeleteFunc(u.ids, func(_ [2]string, k unstoredKey) bool { return now.Sub(k.at) >= history.KeyLife })
	}
	for k := range u.ids {
		if len(u.ids) < maxUnstored {
			break
		}
		delete(u.ids, k)
	}
	u.ids[[2]string{room, key}] = unstoredKey{id, now}
}
