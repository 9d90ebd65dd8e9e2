package sqlite

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"modernc.org/sqlite"
)

// A failingDriver is the SQLite driver, but fails to open files while fails is set.
type failingDriver struct {
	sqlite.Driver
	fails atomic.Bool
	tries atomic.Int32
}

func (d *failingDriver) Open(name string) (sqldriver.Conn, error) {
	if d.fails.Load() {
		d.tries.Add(1)
		return nil, errors.New("can't be opened")
	}
	return d.Driver.Open(name)
}

const failingName = "sqlite that fails"

// registerFailing returns the failingDriver. The first call registers it with database/sql, which
// would panic if it was registered again.
var registerFailing = sync.OnceValue(func() *failingDriver {
	d := &failingDriver{}
	sql.Register(failingName, d)
	return d
})

// If a restored file can't be opened the journal tries again, and loses no message.
func TestRestoreFails(t *testing.T) {
	d := registerFailing()
	dir := t.TempDir()
	j, err := open(dir, retain(100), failingName)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close(context.Background()) })
	for i := range 10 {
		say(t, j, "r", fmt.Sprint(i))
	}
	tried := d.tries.Load()
	d.fails.Store(true)
	if err := os.Remove(filepath.Join(dir, fileName)); err != nil {
		t.Fatal(err)
	}
	for late := time.Now().Add(5 * time.Second); d.tries.Load() < tried+2; time.Sleep(10 * time.Millisecond) {
		try(j, "r", "", "refused")
		if time.Now().After(late) {
			t.Fatal("it is not opened again")
		}
	}
	d.fails.Store(false)
	awaitStored(t, j, "r", "")
	if err := j.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := texts(t, start(t, dir, retain(100)), "r"); len(got) != 11 {
		t.Errorf("history is %q", got)
	}
}
