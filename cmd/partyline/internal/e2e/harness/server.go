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

// Server is the program without its command line, in the process of the test.
type Server struct {
	TCP, HTTP string // its addresses; "" for no listener
	Stop      func() // ends it and waits; it may be called more than once
}

// StartServer starts a server on free ports. It ends at the end of the test at the latest. The test
// fails if the server does not end, returns an error or leaks a goroutine. edit may change its
// configuration; it may be nil.
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

// ConfigAt returns the default configuration with other addresses and no limit on the rate.
func ConfigAt(tcp, http string) app.Config {
	c := app.DefaultConfig()
	c.TCP, c.HTTP = tcp, http
	c.Limits.Rate = 0
	return c
}

// ServeOn is StartServer with listeners that are bound already.
func ServeOn(t *testing.T, c app.Config, l app.Listeners) *Server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Serve(ctx, c, l, slog.New(slog.NewTextHandler(t.Output(), nil))) }()

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
		case err := <-ended:
			if err != nil {
				t.Errorf("the server ended with: %v", err)
			}
		case <-time.After(c.Drain + Patience):
			t.Errorf("the server does not end:\n%s", strings.Join(ServerGoroutines(), "\n\n"))
			return
		}
		if left := Eventually(func() bool { return len(ServerGoroutines()) == 0 }); !left {
			t.Errorf("the server left behind:\n%s", strings.Join(ServerGoroutines(), "\n\n"))
		}
	})
	t.Cleanup(s.Stop)
	return s
}

// ServerGoroutines returns the stacks of the goroutines of the server. Those of the clients of the
// test are not among them.
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

// Eventually waits until yes returns true, and reports whether it does in time.
func Eventually(yes func() bool) bool {
	for late := time.Now().Add(Patience); time.Now().Before(late); time.Sleep(5 * time.Millisecond) {
		if yes() {
			return true
		}
	}
	return yes()
}
