package harness

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/app"
)

// Server is partyline in the process of the test. See [Program] for a separate process.
type Server struct {
	TCP, HTTP string // its addresses; "" for no listener
	Stop      func() // stops the server and waits; it may be called more than once
}

// StartServer starts a server on free ports and stops it at the end of the test. The test fails if the server
// does not stop, returns an error or leaks a goroutine. If edit is not nil, it may change the configuration.
func StartServer(t *testing.T, edit func(*app.Config)) *Server {
	t.Helper()
	c := ConfigAt("127.0.0.1:0", "127.0.0.1:0")
	if edit != nil {
		edit(&c)
	}
	l, err := app.Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	return ServeOn(t, c, l)
}

// ConfigAt returns the default configuration with the given addresses and no rate limit.
func ConfigAt(tcp, http string) app.Config {
	c := app.DefaultConfig()
	c.TCP, c.HTTP = tcp, http
	c.Limits.Rate = 0
	return c
}

// ServeOn is like [StartServer] but takes open listeners.
func ServeOn(t *testing.T, c app.Config, l app.Listeners) *Server {
	t.Helper()
	log := &readyWriter{Writer: t.Output(), ready: make(chan struct{})}
	if OverNATS() {
		shareConfig(t, &c)
	}
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- app.Serve(ctx, c, l, slog.New(slog.NewTextHandler(log, nil))) }()

	s := &Server{}
	if l.TCP != nil {
		s.TCP = l.TCP.Addr().String()
	}
	if l.HTTP != nil {
		s.HTTP = l.HTTP.Addr().String()
	}
	s.Stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-result:
			if err != nil {
				t.Errorf("the server returned an error: %v", err)
			}
		case <-time.After(c.Drain + Patience):
			t.Errorf("the server did not stop:\n%s", strings.Join(ServerGoroutines(), "\n\n"))
			return
		}
		if ok := Eventually(func() bool { return len(ServerGoroutines()) == 0 }); !ok {
			t.Errorf("the server leaked goroutines:\n%s", strings.Join(ServerGoroutines(), "\n\n"))
		}
	})
	t.Cleanup(s.Stop)
	if OverNATS() {
		select {
		case <-log.ready:
		case <-time.After(Patience):
			t.Fatal("the history is not ready")
		}
	}
	return s
}

// ServerGoroutines returns the stacks of the goroutines of the server, without those of the test's clients.
func ServerGoroutines() []string {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	var found []string
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		for _, part := range []string{"partyline/hub", "partyline/tcpgw", "partyline/wsgw", "net/http.(*conn)", "net/http.(*Server)"} {
			if strings.Contains(stack, part) {
				found = append(found, stack)
				break
			}
		}
	}
	return found
}

// Eventually waits until cond returns true, for at most [Patience], and reports whether it did.
func Eventually(cond func() bool) bool {
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if cond() {
			return true
		}
	}
	return cond()
}
