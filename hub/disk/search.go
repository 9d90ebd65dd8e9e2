package disk

import (
	"strings"

	"partyline/hub"
)

// Search returns the messages of a room that match: first those whose words are not in the
// index yet, then those that it finds.
func (j *Journal) Search(name string, q *hub.Query, before int64, limit int) ([]*hub.Message, bool, error) {
	j.mu.Lock()
	r := j.rooms[name]
	if r == nil {
		j.mu.Unlock()
		return nil, false, nil
	}
	kept, indexed := j.kept(r), r.indexed
	before = min(before, r.last+1)
	j.mu.Unlock()

	found, err := j.scan(r, q, max(kept, indexed+1), before, limit+1)
	if err != nil {
		return nil, false, err
	}
	before = min(before, indexed+1)
	if n := limit + 1 - len(found); n > 0 && before > kept {
		indexed, err := j.read(r, selectColumns+`FROM words CROSS JOIN messages ON place = words.rowid
			WHERE words MATCH ? AND words.rowid >= ? AND words.rowid < ? ORDER BY words.rowid DESC LIMIT ?`,
			expression(q), r.place(kept), r.place(before), n)
		if err != nil {
			return nil, false, err
		}
		found = append(found, indexed...)
	}
	return found[:min(len(found), limit)], len(found) > limit, nil
}

// scan looks at each message from an id on and before another, newest first.
func (j *Journal) scan(r *room, q *hub.Query, from, before int64, limit int) (found []*hub.Message, err error) {
	for before > from && len(found) < limit {
		page, _, err := j.Before(r.name, before, cachedOfRoom)
		if err != nil {
			return nil, err
		}
		for i := len(page) - 1; i >= 0 && page[i].ID >= from && len(found) < limit; i-- {
			if q.Matches(page[i]) {
				found = append(found, page[i])
			}
		}
		if len(page) == 0 {
			break
		}
		before = page[0].ID
	}
	return found, nil
}

// expression returns the query in the language of FTS5: phrases, of which each has to be
// there. Words have neither quotes nor operators.
func expression(q *hub.Query) string {
	var b strings.Builder
	for _, phrase := range q.Phrases() {
		b.WriteString(`"` + strings.Join(phrase, " ") + `" `)
		if hub.Open(phrase) {
			b.WriteString(`* `)
		}
	}
	return b.String()
}
