package client

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/wire"
)

// TestReclaimOnce has a connection that breaks again and again while another member has the client's name. The
// client asks for the name once at a time.
func TestReclaimOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(Options{}, newIdentity("alice", ""))
		asked := func() (names []string) {
			lines, _ := c.outbox.next(nil, bufSize)
			for _, line := range lines {
				if bytes.Contains(line, []byte(`"nick":"alice"`)) {
					o, err := decode(line)
					if err != nil {
						t.Fatal(err)
					}
					names = append(names, o.Ref)
				}
			}
			return names
		}
		for i := range 3 {
			c.enter(&object{said: said{Nick: "guest-x7k2", Room: "lobby"}})
			names := asked()
			if len(names) != 1 {
				t.Fatalf("over link %d the client asks with %q", i, names)
			}
			c.outbox.take(names[0]).answer(nil, 0, &Error{Code: wire.CodeNickTaken})
			if i < 2 {
				c.unlink()
			}
		}
		time.Sleep(reclaimInterval + time.Second)
		synctest.Wait()
		if names := asked(); len(names) != 1 {
			t.Errorf("after a while the client asks with %q", names)
		}
		c.unlink()
	})
}
