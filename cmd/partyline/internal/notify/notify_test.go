package notify

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience bounds the wait for a message.
const patience = 30 * time.Second

// listen makes the test a service manager, which the variables in the environment name.
func listen(t *testing.T, variables ...string) *net.UnixConn {
	t.Helper()
	dir, err := os.MkdirTemp("", "partyline-") // a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	return conn
}

func receive(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, 1000)
	n, err := conn.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

// TestMessages sends each message, in order.
func TestMessages(t *testing.T) {
	manager := listen(t)
	n := New(slog.New(slog.DiscardHandler))
	n.Ready()
	loaded := false
	n.Reload(func() {
		for _, want := range []string{`READY=1`, `RELOADING=1(\nMONOTONIC_USEC=[1-9]\d*)?`} {
			if got := receive(t, manager); !regexp.MustCompile("^" + want + "$").MatchString(got) {
				t.Errorf("received %q, not %q", got, want)
			}
		}
		loaded = true
	})
	n.Stopping(1500 * time.Millisecond)
	for _, want := range []string{"READY=1", "STOPPING=1\nEXTEND_TIMEOUT_USEC=1500000"} {
		if got := receive(t, manager); got != want {
			t.Errorf("received %q, not %q", got, want)
		}
	}
	if !loaded {
		t.Error("Reload has not called load")
	}
}

// TestEnvironment finds nothing left for child processes.
func TestEnvironment(t *testing.T) {
	listen(t, "WATCHDOG_USEC=1000000", "WATCHDOG_PID="+strconv.Itoa(os.Getpid()))
	if n := New(nil); n == nil || n.watchdog != time.Second {
		t.Errorf("the notifier is %+v", n)
	}
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "NOTIFY_") || strings.HasPrefix(v, "WATCHDOG_") {
			t.Errorf("the environment still has %s", v)
		}
	}
	if n := New(nil); n != nil {
		t.Errorf("without a service manager the notifier is %+v", n)
	}
}

// TestNone calls the methods of a nil Notifier.
func TestNone(t *testing.T) {
	var n *Notifier
	n.Ready()
	n.Stopping(time.Second)
	n.Watch(t.Context(), nil)
	loaded := false
	if n.Reload(func() { loaded = true }); !loaded {
		t.Error("Reload has not called load")
	}
}

// TestNoManager sends a message to a service manager that is gone. The log says so.
func TestNoManager(t *testing.T) {
	listen(t).Close()
	var log bytes.Buffer
	New(slog.New(slog.NewTextHandler(&log, nil))).Ready()
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "no such file") && !strings.Contains(log.String(), "refused") {
		t.Errorf("the log has %q", log.String())
	}
}

func TestWatchdogInterval(t *testing.T) {
	for _, c := range []struct {
		usec, wanted string
		want         time.Duration
	}{
		{"30000000", "", 30 * time.Second},
		{"30000000", "42", 30 * time.Second},
		{"30000000", "43", 0},
		{"30000000", "x", 0},
		{"", "42", 0},
		{"0", "42", 0},
		{"-1", "42", 0},
		{"x", "42", 0},
		{"9223372036854775807", "42", maxWatchdog},
		{"99999999999999999999", "42", 0},
	} {
		if got := watchdogInterval(c.usec, c.wanted, 42); got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}

// TestWatch checks a server that fails, works, hangs and works again. The service manager gets a sign of
// life for each check that succeeds, and for no other.
func TestWatch(t *testing.T) {
	manager := listen(t, "WATCHDOG_USEC=40000")
	var log bytes.Buffer
	n := New(slog.New(slog.NewTextHandler(&log, nil)))
	ctx, stop := context.WithCancel(t.Context())
	checks, succeeded := 0, 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.Watch(ctx, func(ctx context.Context) error {
			switch checks++; checks {
			case 1, 2, 3:
				return errors.New("broken")
			case 5: // it hangs
				<-ctx.Done()
				return ctx.Err()
			case 7:
				stop()
			}
			succeeded++
			return nil
		})
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("Watch does not end")
	}
	n.send("the end")
	signs := 0
	for {
		message := receive(t, manager)
		if message == "the end" {
			break
		} else if message != "WATCHDOG=1" {
			t.Errorf("received %q", message)
		}
		signs++
	}
	if signs != succeeded {
		t.Errorf("%d signs of life for %d checks that succeeded", signs, succeeded)
	}
	if got := strings.Count(log.String(), "level=ERROR"); got != 2 {
		t.Errorf("the log has %d errors, not one for each time that the checks began to fail:\n%s", got, &log)
	}
}
