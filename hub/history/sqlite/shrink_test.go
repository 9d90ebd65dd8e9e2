package sqlite

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"modernc.org/sqlite"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// When a journal is quiet after many messages and reads, no connection keeps pages of the file in
// memory.
func TestShrink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const messages, least, most = 400, 1 << 20, 64 << 10 // bytes
		j := start(t, t.TempDir(), retain(messages))
		for i := range messages {
			text := fmt.Sprintf("word%d %s", i, strings.Repeat("x", 4000))
			j.Append(&wire.Message{Room: "r", From: "alice", Text: text}, "", func(history.Result) {})
		}
		say(t, j, "r", "the last")
		conns := map[string]*sql.Conn{"writer": j.writer.conn}
		for name, db := range map[string]*sql.DB{"reader": j.readers, "searcher": j.searchers} {
			conn, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conns[name] = conn
		}
		for name, conn := range conns {
			if err := conn.QueryRowContext(t.Context(), `SELECT sum(length(text)) FROM messages`).Scan(new(int)); err != nil {
				t.Fatal(err)
			}
			if n := cached(t, conn); n < least {
				t.Errorf("the %s has only %d bytes after it read everything", name, n)
			}
		}
		time.Sleep(shrinkEvery + quietTime + tick)
		synctest.Wait()
		for name, conn := range conns {
			if n := cached(t, conn); n > most {
				t.Errorf("the %s keeps %d bytes", name, n)
			}
		}
	})
}

// cached returns the number of bytes of the page cache of a connection.
func cached(t *testing.T, conn *sql.Conn) (n int) {
	t.Helper()
	err := conn.Raw(func(c any) (err error) {
		n, _, err = c.(sqlite.DBStatus).Status(sqlite.DBStatusCacheUsed, false)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
