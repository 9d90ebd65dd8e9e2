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
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/hubtest"
)

// TestTurnedAway connects as many clients as each limit admits. The next client gets the reason
// instead of the upgrade. When a client has left, another one is admitted.
func TestTurnedAway(t *testing.T) {
	for name, c := range map[string]struct {
		limits admission.Limits
		reason error
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
			var admitted []*websocket.Conn
			for range 3 {
				ws, _, err := dial()
				if err != nil {
					t.Fatalf("a client within the limit: %v", err)
				}
				t.Cleanup(func() { ws.Close() })
				admitted = append(admitted, ws)
			}
			_, res, err := dial()
			if err == nil || res == nil {
				t.Fatalf("a client over the limit gets %v, %v", res, err)
			}
			plain, err := http.Get(server.URL) // as a page asks why its WebSocket is refused
			if err != nil {
				t.Fatal(err)
			}
			defer plain.Body.Close()
			for _, res := range []*http.Response{res, plain} {
				body, _ := io.ReadAll(res.Body)
				if res.StatusCode != c.status || res.Header.Get("Retry-After") != c.after || strings.TrimSpace(string(body)) != c.reason.Error() {
					t.Errorf("a client over the limit gets %d, Retry-After %q, %q", res.StatusCode, res.Header.Get("Retry-After"), body)
				}
			}
			if c.limits.Arrivals > 0 {
				return
			}
			admitted[0].Close()
			for deadline := time.Now().Add(20 * time.Second); ; {
				ws, _, err := dial()
				if err == nil {
					ws.Close()
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("after a client has left, the next gets %v", err)
				}
			}
		})
	}
}

// TestAfterWait connects a client after Wait.
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

// TestUpgradeFails upgrades a connection that can't become a WebSocket. Its slot must become free.
func TestUpgradeFails(t *testing.T) {
	h := hub.New(hub.Options{Limits: admission.Limits{Members: 1}})
	g := &Gateway{Hub: h, MaxLine: 4096, Log: slog.New(slog.DiscardHandler)}
	ln := wrappingListener{hubtest.TCP.Listen(t)}
	server := &httptest.Server{Listener: ln, Config: &http.Server{Handler: g, ErrorLog: log.New(io.Discard, "", 0)}}
	server.Start()
	defer server.Close()
	if _, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil); err == nil || res != nil {
		t.Errorf("it gets %v, %v", res, err)
	}
	g.Wait()
	slot, err := h.Admit(netip.Addr{})
	if err != nil {
		t.Fatalf("the next client gets no slot: %v", err)
	}
	slot.Leave()
}

// A wrappingListener accepts connections of a type that a gateway does not know.
type wrappingListener struct{ net.Listener }

func (l wrappingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return struct{ net.Conn }{c}, err
}
