package wsgw

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"partyline/hub"
)

// TestTurnedAway: at each limit the last one who fits comes in, the next one is told why
// not before the upgrade, and there is a place again when somebody has left.
func TestTurnedAway(t *testing.T) {
	for name, c := range map[string]struct {
		limits hub.Limits
		why    error
		status int
		after  string
	}{
		"members":     {hub.Limits{Members: 3}, hub.ErrFull, http.StatusServiceUnavailable, "30"},
		"per address": {hub.Limits{PerAddress: 3}, hub.ErrAddressFull, http.StatusTooManyRequests, "10"},
		"arrivals":    {hub.Limits{Arrivals: 3}, hub.ErrAddressHasty, http.StatusTooManyRequests, "60"},
	} {
		t.Run(name, func(t *testing.T) {
			h := hub.New(hub.Options{Limits: c.limits})
			g := &Gateway{Hub: h, MaxLine: 4096, Log: slog.New(slog.DiscardHandler)}
			server := httptest.NewServer(g)
			t.Cleanup(func() {
				h.Shutdown(context.Background())
				server.Close()
				g.Wait()
			})
			dial := func() (*websocket.Conn, *http.Response, error) {
				return websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
			}
			var in []*websocket.Conn
			for range 3 {
				ws, _, err := dial()
				if err != nil {
					t.Fatalf("who fits does not come in: %v", err)
				}
				t.Cleanup(func() { ws.Close() })
				in = append(in, ws)
			}
			_, res, err := dial()
			if err == nil || res == nil {
				t.Fatalf("who does not fit gets %v, %v", res, err)
			}
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != c.status || res.Header.Get("Retry-After") != c.after || strings.TrimSpace(string(body)) != c.why.Error() {
				t.Errorf("who does not fit is told %d, Retry-After %q, %q", res.StatusCode, res.Header.Get("Retry-After"), body)
			}
			if c.limits.Arrivals > 0 {
				return
			}
			in[0].Close()
			for late := time.Now().Add(20 * time.Second); ; {
				ws, _, err := dial()
				if err == nil {
					ws.Close()
					break
				}
				if time.Now().After(late) {
					t.Fatalf("when one has left, the next gets %v", err)
				}
			}
		})
	}
}
