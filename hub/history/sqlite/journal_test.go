package sqlite

import (
	"testing"

	"partyline/hub/history"
	"partyline/hub/hubtest"
)

func TestJournal(t *testing.T) {
	t.Parallel()
	hubtest.TestJournal(t, func(r history.Retention) history.Journal {
		return start(t, t.TempDir(), Options{Retention: r})
	})
}
