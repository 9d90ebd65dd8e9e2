package main

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// asProgram in the environment makes the test binary the program itself: what the tests
// start as partyline is the main of this package, with the race detector in it.
const asProgram = "TEST_BINARY_IS_PARTYLINE"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		go answerHealth(os.Stdin, os.Stdout)
		main()
		os.Exit(0)
	}
	code := m.Run()
	closeBrowser()
	os.Exit(code)
}

// server is the program without its command line, serving within the test.
type server struct {
	tcp, http string // where it listens; "" where the door is off
	stop      func() // ends it and waits; may be called more than once
}

// startServer serves on ports of its own until stop or the end of the test. The test
// fails if the server does not end, ends with an error or leaves a goroutine behind.
func startServer(t *testing.T, edit func(*config)) *server {
	t.Helper()
	c := configAt("127.0.0.1:0", "127.0.0.1:0")
	if edit != nil {
		edit(&c)
	}
	l, err := listen(c)
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, c, l)
}

// configAt is what the command line decides where it names addresses, and no pace.
func configAt(tcp, http string) config {
	c := config{tcp: tcp, http: http, keep: keep{messages: 1000, sync: "full", onError: "refuse"}, replay: 20, drain: 5 * time.Second, limits: defaultLimits}
	c.limits.rate = 0
	return c
}

// serveOn is startServer for doors that are bound already.
func serveOn(t *testing.T, c config, l listeners) *server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, c, l, slog.New(slog.NewTextHandler(t.Output(), nil))) }()

	s := &server{}
	if l.tcp != nil {
		s.tcp = l.tcp.Addr().String()
	}
	if l.http != nil {
		s.http = l.http.Addr().String()
	}
	s.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the server ended with: %v", err)
			}
		case <-time.After(c.drain + patience):
			t.Errorf("the server does not end:\n%s", strings.Join(serverGoroutines(), "\n\n"))
			return
		}
		if left := eventually(func() bool { return len(serverGoroutines()) == 0 }); !left {
			t.Errorf("the server left behind:\n%s", strings.Join(serverGoroutines(), "\n\n"))
		}
	})
	t.Cleanup(s.stop)
	return s
}

// serverGoroutines returns the stacks of the goroutines that run the server. Those of the
// test's own clients are not among them.
func serverGoroutines() []string {
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

// eventually asks until the answer is yes, for what nobody is told of.
func eventually(yes func() bool) bool {
	for late := time.Now().Add(patience); time.Now().Before(late); time.Sleep(5 * time.Millisecond) {
		if yes() {
			return true
		}
	}
	return yes()
}
