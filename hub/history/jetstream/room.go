package jetstream

import (
	"time"

	"partyline/hub/history"
	"partyline/hub/history/ring"
	"partyline/hub/wire"
)

// maxRecent bounds the messages of a room that are in memory.
const maxRecent = 1000

// A room has members on this server. The mu of its partition guards it.
type room struct {
	users  int
	hear   history.Hear // of the last Open
	last   int64        // the newest id, or the position when the room was opened
	recent ring.Ring[*wire.Message]
	max    int   // of recent
	since  int64 // recent has all messages with greater ids
	gone   int64 // the greatest id that is known to be no longer in history
}

func newRoom(most int, position int64) *room {
	return &room{max: most, last: position, since: position}
}

// add adds the newest message.
func (r *room) add(m *wire.Message) {
	r.last = m.ID
	r.recent.Push(m)
	for r.recent.Len() > r.max {
		r.since = r.recent.Pop().ID
	}
}

// expire notes which messages have left the history.
func (r *room) expire(retention history.Retention, now time.Time) {
	for retention.Age > 0 && r.recent.Len() > 0 && now.Sub(r.recent.At(0).At) > retention.Age {
		r.since = r.recent.Pop().ID
		r.gone = r.since
	}
	if r.recent.Len() == retention.Messages && r.max == retention.Messages {
		r.gone = max(r.gone, r.since)
	}
}

// read returns a page if the messages in memory suffice for it. upTo is the greatest id that is wanted.
func (r *room) read(g history.Range, upTo int64) (page history.Page, ok bool) {
	var found []*wire.Message // oldest first
	for i := range r.recent.Len() {
		if m := r.recent.At(i); m.ID > g.After && m.ID <= upTo {
			found = append(found, m)
		}
	}
	complete := g.After >= r.since
	switch {
	case !complete && (!g.Newest || len(found) <= g.Limit):
		return page, false
	case g.Newest:
		page.Messages = found[max(len(found)-g.Limit, 0):]
	default:
		page.Messages = found[:min(len(found), g.Limit)]
	}
	page.More = len(found) > g.Limit
	return page, true
}
