package wsgw

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"partyline/hub"
)

// TestSilence looks at a client that was heard at different times.
func TestSilence(t *testing.T) {
	const age = 10 * time.Minute // of the connection
	for name, c := range map[string]struct {
		heard  time.Duration // before now; age if nobody listens
		lags   bool
		silent bool
	}{
		"heard just now":           {heard: time.Second},
		"heard not long ago":       {heard: silenceTimeout - 10*time.Second},
		"silent":                   {heard: silenceTimeout + time.Second, silent: true},
		"silent for long":          {heard: age - time.Second, silent: true},
		"silent, and takes little": {heard: silenceTimeout + time.Second, lags: true},
		"not listened to":          {heard: age},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, client := unserved(t)
			conn.silenceTimer.Stop()
			conn.start = time.Now().Add(-age)
			for c.lags {
				if _, err := conn.TryWrite(bytes.Repeat([]byte{finText, 1, 'x'}, 1<<16)); err != nil {
					break
				}
			}
			conn.lastFrame.Store(int64(age - c.heard))
			conn.checkSilence()
			if !conn.silenceTimer.Stop() != c.silent {
				t.Error("whether it looks again is wrong")
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

// TestSilentWhileReading: a client that becomes silent ends a read that waits.
func TestSilentWhileReading(t *testing.T) {
	t.Parallel()
	conn, client := unserved(t)
	conn.silenceTimer.Stop()
	defer time.AfterFunc(20*time.Second, func() { conn.Conn.Close() }).Stop() // so that no read waits for ever
	conn.start = time.Now().Add(-2 * silenceTimeout)
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
		t.Fatalf("a client that is listened to since now: %v", err)
	}
	if heard := conn.lastFrame.Load(); heard != 0 {
		t.Error("it is listened to though nobody reads")
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
		t.Errorf("a silent client is sent the code %d", code)
	}
}
