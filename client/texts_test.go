package client_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"partyline/client"
	"partyline/hub/wire"
)

// TestPostRefused posts many messages at once, of which the server refuses some. Each done gets the id or the
// error of its own message.
func TestPostRefused(t *testing.T) {
	s := newServer(t)
	for name, address := range map[string]string{"tcp": s.tcp, "ws": "ws://" + s.http} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, address, client.Options{})
			texts := map[int]string{}
			ids := map[int64]int{}
			var mu sync.Mutex
			const n = 490 // of which two in seven are refused
			for i := range n {
				text := fmt.Sprintf("%s says \"%d\"", name, i)
				switch i % 7 {
				case 3:
					text = "\u200b"
				case 5:
					text = strings.Repeat("x", 5000)
				}
				texts[i] = text
				if err := c.Post(context.Background(), text, func(id int64, err error) {
					mu.Lock()
					defer mu.Unlock()
					var bad *client.Error
					want := map[int]wire.Code{3: wire.CodeBadRequest, 5: wire.CodeLineTooLong}[i%7]
					switch {
					case want == "" && (err != nil || id == 0):
						t.Errorf("message %d has the id %d, and fails with %v", i, id, err)
					case want != "" && (!errors.As(err, &bad) || bad.Code != want || bad.Message == ""):
						t.Errorf("message %d fails with %v, want %s", i, err, want)
					case want == "":
						ids[id] = i
					}
				}); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
			for range len(ids) {
				m := next(t, c, anyOf[*client.Message])
				if i, ok := ids[m.ID]; !ok || texts[i] != m.Text {
					t.Errorf("message %d is %q, want %q", m.ID, m.Text, texts[i])
				}
			}
			if len(ids) != n/7*5 {
				t.Errorf("%d messages were said", len(ids))
			}
		})
	}
}
