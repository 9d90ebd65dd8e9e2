package wsgw

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/hubtest"
)

// TestUnixClients connects clients over a unix socket. Limits by address do not apply to them, and
// the log names their process.
func TestUnixClients(t *testing.T) {
	var log bytes.Buffer
	h := hub.New(hub.Options{
		Limits: admission.Limits{PerAddress: 1, Arrivals: 1},
		Log:    slog.New(slog.NewTextHandler(&log, nil)),
	})
	g := &Gateway{Hub: h, MaxLine: 4096, Log: slog.New(slog.DiscardHandler)}
	ln := serveOn(t, hubtest.Unix, g)
	for i := range 3 {
		_, ws := dialOn(t, ln)
		if _, welcome, err := ws.ReadMessage(); err != nil || !strings.HasPrefix(string(welcome), "* You are ") {
			t.Errorf("a client gets %q, %v", welcome, err)
		}
		text := fmt.Sprint("hello ", i) // the history has the texts of the others
		ws.WriteMessage(websocket.TextMessage, []byte(text))
		for said := false; !said; { // a member that says nothing is not logged
			_, event, err := ws.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			said = strings.HasSuffix(string(event), ": "+text)
		}
	}
	h.Shutdown(context.Background())
	g.Wait()
	if !hubtest.RawIO {
		return // the process of the peer is not known
	}
	want := fmt.Sprintf("addr=\"unix:pid=%d,uid=%d\"", os.Getpid(), os.Getuid())
	if strings.Count(log.String(), want) < 3 {
		t.Errorf("the log has no %s:\n%s", want, log.String())
	}
}
