package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"partyline/client"
)

// TestRace connects to a host that may be reached in three ways, of which some do not answer, refuse, or are
// something else. The client uses the first one that is partyline, and nobody learns of the others.
func TestRace(t *testing.T) {
	s := newServer(t)
	mute := listen(t, "tcp", "127.0.0.1:0") // it accepts and never answers
	defer mute.Close()
	nobody := listen(t, "tcp", "127.0.0.1:0")
	nobody.Close()
	website := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(website.Close)
	ssh := lineServer(t, listen(t, "tcp", "127.0.0.1:0"), "SSH-2.0-OpenSSH_9.2\r\n")

	witness := dial(t, s.tcp, client.Options{})
	next(t, witness, anyOf[*client.Welcome])
	for _, test := range []struct {
		name      string
		addresses []string
		want      string // the address, or the error
	}{
		{"all of them", []string{"ws://" + s.http, "ws://" + s.http, "tcp://" + s.tcp}, "ws://" + s.http + "/ws"},
		{"a mute one first", []string{"ws://" + mute.Addr().String(), "ws://" + s.http, "tcp://" + s.tcp}, "ws://" + s.http + "/ws"},
		{"only TCP", []string{"wss://" + nobody.Addr().String(), "ws://" + nobody.Addr().String(), "tcp://" + s.tcp}, "tcp://" + s.tcp},
		{"no TLS, a website, TCP", []string{"wss://" + s.http, website.URL, "tcp://" + s.tcp}, "tcp://" + s.tcp},
		{"another server first", []string{"tcp://" + ssh, "ws://" + s.http, "tcp://" + s.tcp}, "ws://" + s.http + "/ws"},
		{
			"nobody",
			[]string{"wss://" + nobody.Addr().String(), "ws://" + nobody.Addr().String(), "tcp://" + nobody.Addr().String()},
			"connect to chat.example (wss, ws, tcp): connection refused: nothing listens there",
		},
		{
			"no partyline",
			[]string{"ws://" + nobody.Addr().String(), website.URL, "tcp://" + ssh},
			"connect to chat.example: ws: connection refused; ws: the server answered 404 Not Found; tcp: it is an SSH server: write HOST:PORT for TCP",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			c, err := client.DialAny(ctx, test.addresses, client.Options{Nick: "alice"})
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				t.Cleanup(func() { c.Close() })
				got = c.Address()
				if w := next(t, c, anyOf[*client.Welcome]); w.Nick != "alice" || w.Count != 2 {
					t.Errorf("the welcome is %+v", w)
				}
				c.Close()
				next(t, witness, func(e *client.Left) bool {
					if e.Nick != "alice" {
						t.Errorf("%s has left", e.Nick)
					}
					return true
				})
			}
			if !strings.HasPrefix(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}

	t.Run("a taken name", func(t *testing.T) {
		dial(t, s.tcp, client.Options{Nick: "bob"})
		_, err := client.DialAny(context.Background(), []string{"ws://" + s.http, "tcp://" + s.tcp}, client.Options{Nick: "bob"})
		var d *client.DialError
		if !errors.As(err, &d) || !d.Refused || d.Address != "ws://"+s.http+"/ws" {
			t.Errorf("got %v", err)
		}
	})
}
