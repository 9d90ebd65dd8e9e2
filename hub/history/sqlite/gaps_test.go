package sqlite

import (
	"context"
	"fmt"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// A gap with ids that may have been given before a crash has no known number of messages, however
// long ago the crash was.
func TestGapsAfterManyCrashes(t *testing.T) {
	dir := t.TempDir()
	o := retain(1)
	o.OnError = Live
	var said []*wire.Message
	for i := range 4 {
		j := start(t, dir, o)
		said = append(said, say(t, j, "r", fmt.Sprint(i)))
		awaitIndex(t, j, "r", time.Minute) // after the deletion of what is not retained
		dir = copyFiles(t, dir)
		j.Close(context.Background())
	}
	j := start(t, dir, o)
	for i, m := range said[1:] {
		page, err := j.Read("r", history.Range{After: said[0].ID, Before: m.ID + 1, Limit: 10})
		if err != nil || len(page.Gaps) != 1 || page.Gaps[0].Missed != -1 {
			t.Errorf("between the first message and message %d: gaps %v, %v", i+2, page.Gaps, err)
		}
	}
}
