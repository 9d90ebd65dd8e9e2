package wsgw

import (
	"context"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"partyline/hub"
	"partyline/hub/admission"
)

// TestTurnedAway: at each limit the last one who fits comes in, the next one is told why
// not before the upgrade, and there is a place again when somebody has left.
func TestTurnedAway(t *testing.T) {
	for name, c := range map[string]struct {
		limits admission.Limits
		why    error
		status int
		after  string
	}{
		"members":     {admission.Limits{Members: 3}, admission.ErrFull, http.StatusServiceUnavailable, "30"},
		"per address": {admission.Limits{PerAddress: 3}, admission.ErrAddressFull, http.StatusTooManyRequests, "10"},
		"arrivals":    {admission.Limits{Arrivals: 3}, admission.ErrAddressRate, http.StatusTooManyRequests, "60"},
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

// TestAfterWait has a client come while the server ends.
func TestAfterWait(t *testing.T) {
	g := &Gateway{Hub: hub.New(hub.Options{}), MaxLine: 4096, Log: slog.New(slog.DiscardHandler)}
	server := httptest.NewServer(g)
	defer server.Close()
	g.Wait()
	_, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err == nil || res == nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("it gets %v, %v", res, err)
	}
	g.Wait()
}

// TestUpgradeFails has a connection that can't become a WebSocket: it leaves no trace.
func TestUpgradeFails(t *testing.T) {
	h := hub.New(hub.Options{Limits: admission.Limits{Members: 1}})
	g := &Gateway{Hub: h, MaxLine: 4096, Log: slog.New(slog.DiscardHandler)}
	path := filepath.Join(t.TempDir(), "socket")
	ln, err := net.Listen("unix", path) // which is not TCP
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: ln, Config: &http.Server{Handler: g, ErrorLog: log.New(io.Discard, "", 0)}}
	server.Start()
	defer server.Close()
	dialer := websocket.Dialer{NetDial: func(string, string) (net.Conn, error) { return net.Dial("unix", path) }}
	if _, res, err := dialer.Dial("ws://localhost/", nil); err == nil || res != nil {
		t.Errorf("it gets %v, %v", res, err)
	}
	g.Wait()
	seat, err := h.Admit(netip.Addr{})
	if err != nil {
		t.Fatalf("the next one gets no place: %v", err)
	}
	seat.Leave()
}
