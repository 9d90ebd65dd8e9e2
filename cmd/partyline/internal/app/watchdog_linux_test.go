package app

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"partyline/cmd/partyline/internal/notify"
	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/hubtest"
)

// A hangingJournal makes a hub hang, which holds a lock while it calls Release.
type hangingJournal struct {
	history.Journal
	hangs, goOn chan struct{}
}

func (j hangingJournal) Release(room string) {
	close(j.hangs)
	<-j.goOn
	j.Journal.Release(room)
}

// TestWatchdog gives the service manager a sign of life while the hub works, none while the hub hangs,
// and one when it works again.
func TestWatchdog(t *testing.T) {
	const name = "@partyline-test-watchdog"
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	t.Setenv("NOTIFY_SOCKET", name)
	t.Setenv("WATCHDOG_USEC", "20000")
	messages := make(chan string, 1000)
	go func() { // since the kernel queues only a few
		for b := make([]byte, 100); ; {
			n, err := manager.Read(b)
			if err != nil {
				return
			}
			messages <- string(b[:n])
		}
	}()
	var log hubtest.Buffer
	notifier := notify.New(slog.New(slog.NewTextHandler(&log, nil)))
	journal := hangingJournal{history.NewMemory(history.Retention{Messages: 1}), make(chan struct{}), make(chan struct{})}
	s := &server{hub: hub.New(hub.Options{Journal: journal})}
	var failures atomic.Int32
	failed := make(chan struct{}, 1)
	ctx, stop := context.WithCancel(t.Context())
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		notifier.Watch(ctx, func(ctx context.Context) error {
			err := s.health(ctx)
			if err != nil && failures.Add(1) > 2 {
				select {
				case failed <- struct{}{}:
				default:
				}
			}
			return err
		})
	}()
	if got := <-messages; got != "WATCHDOG=1" {
		t.Errorf("received %q", got)
	}

	visitor := hubtest.NewConn()
	visitor.Leave()
	left := make(chan error, 1)
	go func() { left <- s.hub.Serve(context.Background(), &hub.Caller{Codecs: hubtest.Codecs()}, visitor) }()
	<-journal.hangs
	<-failed
	mark := func() (before int) { // returns how many messages were sent before
		conn, err := net.Dial("unixgram", name)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "mark")
		for <-messages != "mark" {
			before++
		}
		return before
	}
	mark()
	<-failed
	<-failed
	if n := mark(); n > 0 {
		t.Errorf("%d signs of life while the hub hangs", n)
	}
	close(journal.goOn)
	if got := <-messages; got != "WATCHDOG=1" {
		t.Errorf("received %q", got)
	}
	if err := <-left; err != io.EOF {
		t.Error(err)
	}
	stop()
	<-watching
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), errNoAnswer.Error()) {
		t.Errorf("the log has\n%s", &log)
	}
}
