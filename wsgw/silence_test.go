package wsgw

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/hubtest"
)

// TestSilence checks clients whose last frame came at different times.
func TestSilence(t *testing.T) {
	const age = 10 * time.Minute // of the connection
	for name, c := range map[string]struct {
		since  time.Duration // since the last frame; age if no goroutine reads
		lags   bool
		silent bool
	}{
		"a frame just now":     {since: time.Second},
		"a frame not long ago": {since: silenceTimeout - 10*time.Second},
		"silent":               {since: silenceTimeout + time.Second, silent: true},
		"silent for long":      {since: age - time.Second, silent: true},
		"silent and lagging":   {since: silenceTimeout + time.Second, lags: true},
		"not read":             {since: age},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.lags && !hubtest.RawIO {
				t.Skip("there is no RawIO")
			}
			conn, client := newConn(t)
			conn.silenceTimer.Stop()
			conn.startTime = time.Now().Add(-age)
			for c.lags {
				if _, err := conn.TryWrite(bytes.Repeat([]byte{finText, 1, 'x'}, 1<<16)); err != nil {
					break
				}
			}
			conn.lastFrame.Store(int64(age - c.since))
			conn.checkSilence()
			if !conn.silenceTimer.Stop() != c.silent {
				t.Errorf("silent is %t, want %t", !c.silent, c.silent)
			}
			client.send(text("hello"))
			line, err := conn.ReadLine()
			if c.silent {
				if err != errSilent {
					t.Errorf("%q, %v", line, err)
				}
			} else if string(line) != "hello" || err != nil {
				t.Errorf("%q, %v", line, err)
			}
		})
	}
}

// TestSilentWhileReading checks that silence ends a read that waits.
func TestSilentWhileReading(t *testing.T) {
	t.Parallel()
	conn, client := newConn(t)
	conn.silenceTimer.Stop()
	defer time.AfterFunc(20*time.Second, func() { conn.Conn.Close() }).Stop() // no read may wait forever
	conn.startTime = time.Now().Add(-2 * silenceTimeout)
	ended := make(chan error, 1)
	go func() {
		_, err := conn.ReadLine()
		ended <- err
	}()
	for conn.lastFrame.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	conn.checkSilence()
	client.send(text("hello"))
	if err := <-ended; err != nil {
		t.Fatalf("a client that the server has just started to read: %v", err)
	}
	if last := conn.lastFrame.Load(); last != 0 {
		t.Error("the client can be silent while no goroutine reads")
	}

	go func() {
		_, err := conn.ReadLine()
		ended <- err
	}()
	for conn.lastFrame.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	conn.lastFrame.Store(1)
	conn.checkSilence()
	if err := <-ended; err != errSilent {
		t.Errorf("a silent client: %v", err)
	}
	if code := closeCode(errSilent); code != 0 || errors.Is(errSilent, hub.ErrSlow) {
		t.Errorf("a silent client gets the code %d", code)
	}
}
