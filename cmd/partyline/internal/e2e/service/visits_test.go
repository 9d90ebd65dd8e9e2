//go:build unix

package service

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// visits are clients that come all the time and stay for a moment.
type visits struct {
	mu     sync.Mutex
	served int
	failed map[string]int // by reason
}

func (v *visits) note(failure string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if failure == "" {
		v.served++
		return
	}
	if v.failed == nil {
		v.failed = make(map[string]int)
	}
	v.failed[failure]++
}

// repeat makes visits, one after the other, until stop is closed. visit returns why it failed.
func (v *visits) repeat(stop <-chan struct{}, visit func() error) {
	tick := time.NewTicker(20 * time.Millisecond) // so that the system does not run out of ports
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			failure := ""
			if err := visit(); err != nil {
				failure = err.Error()
			}
			v.note(failure)
		}
	}
}

// overTCP connects and waits for the welcome.
func (v *visits) overTCP(addr string, stop <-chan struct{}) {
	v.repeat(stop, func() error {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return fmt.Errorf("not connected: %w", err)
		}
		defer conn.Close()
		conn.SetReadDeadline(time.Now().Add(harness.Patience))
		if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
			return fmt.Errorf("no welcome: %w", err)
		}
		return nil
	})
}

// overHTTP asks whether the server works.
func (v *visits) overHTTP(addr string, stop <-chan struct{}) {
	v.repeat(stop, func() error { return get("http://" + addr + "/healthz") })
}

// get requests a URL. The error says why the status is not 200.
func get(url string) error {
	client := &http.Client{Timeout: harness.Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the status of %s is %s", url, res.Status)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

func (v *visits) String() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return fmt.Sprintf("%d visits, and of those that failed: %v", v.served, v.failed)
}

// check checks that no visit found a closed port or an answer of nginx in place of partyline, and that nearly
// all were served. A client that needs more than a second for its request may come too late.
func (v *visits) check(t *testing.T) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	late := 0
	for failure, n := range v.failed {
		if late += n; !strings.Contains(failure, "EOF") {
			t.Errorf("%d visits failed: %s", n, failure)
		}
	}
	if late > v.served/100 {
		t.Errorf("%d visits of %d failed", late, v.served)
	}
}
