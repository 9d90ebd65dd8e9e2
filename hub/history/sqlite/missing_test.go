package sqlite

import (
	"context"
	"fmt"
	"testing"
	"time"

	"partyline/hub/wire"
)

// TestMissingAfterManyCrashes: nobody knows how many messages are missing in a run with ids
// that may have been given before a crash, however long ago that was.
func TestMissingAfterManyCrashes(t *testing.T) {
	dir := t.TempDir()
	o := keep(1)
	o.OnError = Live
	var said []*wire.Message
	for i := range 4 {
		j := start(t, dir, o)
		said = append(said, say(t, j, "r", fmt.Sprint(i)))
		awaitIndex(t, j, "r", time.Minute) // and the deletion of what is not kept
		dir = copyFiles(t, dir)
		j.Close(context.Background())
	}
	j := start(t, dir, o)
	for i, m := range said[1:] {
		_, missing, err := j.After("r", said[0].ID, m.ID, 10)
		if err != nil || len(missing) != 1 || missing[0].Count != -1 {
			t.Errorf("between the first message and message %d: missing %v, %v", i+2, missing, err)
		}
	}
}
