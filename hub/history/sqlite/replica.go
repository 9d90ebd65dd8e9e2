package sqlite

import (
	"context"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// Copy stores a message of another Journal, with its id, its time and its key, or "", unless the room has it or a newer
// one. The messages of a room are copied in their order. done is called when the message is stored, as commit of Append is; the error says
// why it is not. The Journal has Options.Replica.
func (j *Journal) Copy(m *wire.Message, key string, done func(error)) {
	j.enqueue(&entry{message: m, key: key, commit: func(r history.Result) { done(r.Err) }})
}

// Newest returns the newest id of each room that has a message.
func (j *Journal) Newest() (map[string]int64, error) {
	j.mu.Lock()
	readers := j.readers
	j.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), readTime)
	defer cancel()
	rows, err := readers.QueryContext(ctx, `SELECT name, (SELECT max(id) FROM messages WHERE room = rooms.key) AS newest
		FROM rooms WHERE newest IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	newest := make(map[string]int64)
	for rows.Next() {
		var room string
		var id int64
		if err := rows.Scan(&room, &id); err != nil {
			return nil, err
		}
		newest[room] = id
	}
	return newest, rows.Err()
}

// sparseNow is the expression for the sparse of a room. It is history.MaxID in a copy, which ends when the folder is used
// as a history of its own.
const sparseNow = `CASE sparse WHEN 1 << 53 THEN max(last, coalesce((SELECT max(id) FROM messages WHERE room = rooms.key), 0)) ELSE sparse END`
