package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/chi/v5"
)

// TestHistoryBusy requests more pages than are made at the same time, while the history waits. Those
// above the limit wait for a second, or until the client leaves. They get a 503.
func TestHistoryBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := make(chan struct{})
		p := newHistoryPages(fakeHistory{messages: said(3, "x"), wait: read}, exemptAll, discard())
		h := routed(p)
		var made sync.WaitGroup
		for range cap(p.making.taken) {
			made.Go(func() {
				if res := get(t, h, "GET", "/log/lobby"); res.StatusCode != http.StatusOK {
					t.Errorf("a page that is being made: %s", res.Status)
				}
			})
		}
		synctest.Wait()
		start := time.Now()
		res := get(t, h, "GET", "/log/lobby")
		if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") != "1" || res.Header.Get("X-Robots-Tag") != "noindex" {
			t.Errorf("above the limit: %s, %v", res.Status, res.Header)
		}
		if took := time.Since(start); took != placesWait {
			t.Errorf("it took %v", took)
		}
		ctx, leave := context.WithCancel(t.Context())
		leave()
		start = time.Now()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/m/lobby/3", nil).WithContext(ctx))
		if took := time.Since(start); took != 0 {
			t.Errorf("a client that has left waited for %v", took)
		}
		if res := get(t, h, "GET", "/log/a.b"); res.StatusCode != http.StatusNotFound {
			t.Errorf("an invalid room: %s", res.Status)
		}
		close(read)
		made.Wait()
		if res := get(t, h, "GET", "/log/lobby"); res.StatusCode != http.StatusOK {
			t.Errorf("afterwards: %s", res.Status)
		}
	})
}

// TestHistoryAddress requests pages from one address, as fast as it gets them, over several connections.
// It gets a number at once and then so many each second; other addresses do not wait. Requests that
// would wait for more than a second get a 503 at once.
func TestHistoryAddress(t *testing.T) {
	for name, remotes := range map[string][]string{
		"IPv4": {"192.0.2.1:1", "192.0.2.1:2", "[::ffff:192.0.2.1]:3"},
		"IPv6": {"[2001:db8::1]:1", "[2001:db8::2]:2", "[2001:db8::3%eth0]:3"},
		"none": {"@", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newHistoryPages(fakeHistory{messages: said(3, "x")}, func(addr netip.Addr) bool { return addr.IsLoopback() }, discard())
				h := routed(p)
				start := time.Now()
				for i := range addressBurst + 5*addressRate {
					if code := request(h, remotes[i%len(remotes)]); code != http.StatusOK {
						t.Fatalf("request %d: %d", i, code)
					}
				}
				if took := time.Since(start).Round(time.Second / addressRate); took != 5*time.Second {
					t.Errorf("it took %v", took)
				}
				var served sync.WaitGroup
				var refused atomic.Int64
				for i := range 3 * addressRate {
					served.Go(func() {
						if request(h, remotes[i%len(remotes)]) != http.StatusOK {
							refused.Add(1)
						}
					})
				}
				synctest.Wait()
				if got := refused.Load(); got < 2*addressRate-1 || got > 2*addressRate+1 {
					t.Errorf("%d requests are refused at once", got)
				}
				start = time.Now()
				for range 2 * addressBurst {
					if code := request(h, "127.0.0.1:1"); code != http.StatusOK {
						t.Errorf("an exempt address: %d", code)
					}
				}
				if code := request(h, "192.0.2.2:1"); code != http.StatusOK || time.Since(start) != 0 {
					t.Errorf("another address: %d after %v", code, time.Since(start))
				}
				served.Wait()
			})
		})
	}
}

// TestHistoryAddressesForgotten requests pages from many addresses. Those that have been quiet are forgotten.
func TestHistoryAddressesForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlaces(nil)
		for i := range 10 * minSweep {
			leave, ok := p.take(t.Context(), fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255))
			if !ok {
				t.Fatal("no place")
			}
			leave()
			time.Sleep(10 * time.Millisecond)
			if n := len(p.addresses); n > minSweep {
				t.Fatalf("%d addresses are known", n)
			}
		}
	})
}

// request requests a page from an address, and returns the status.
func request(h http.Handler, remote string) int {
	r := httptest.NewRequest("GET", "/log/lobby", nil)
	r.RemoteAddr = remote
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func exemptAll(netip.Addr) bool { return true }

// TestHistoryUnreadable tests that an error, or a panic, keeps no place.
func TestHistoryUnreadable(t *testing.T) {
	p := newHistoryPages(fakeHistory{err: errors.New("/var/lib/secret: disk I/O error")}, exemptAll, discard())
	h := routed(p)
	for range 2 * cap(p.making.taken) {
		for _, path := range []string{"/log/lobby", "/m/lobby/3"} {
			res := get(t, h, "GET", path)
			if text := body(t, res); res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || strings.Contains(text, "secret") {
				t.Errorf("%s: %s %s", path, res.Status, text)
			}
		}
	}
	panics := New(Options{History: panickingHistory{}, IsExempt: exemptAll})
	for range 2 * cap(p.making.taken) {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			get(t, panics, "GET", "/log/lobby")
		}()
	}
}

type panickingHistory struct{ fakeHistory }

func (panickingHistory) Read(string, HistoryRange) ([]HistoryMessage, bool, error) { panic("test") }

// A slowWriter is the ResponseWriter of a client that reads nothing.
type slowWriter struct {
	http.ResponseWriter
	cut chan struct{} // closed when its deadline has passed
}

func newSlowWriter() slowWriter { return slowWriter{httptest.NewRecorder(), make(chan struct{})} }

func (w slowWriter) Write([]byte) (int, error) {
	<-w.cut
	return 0, context.DeadlineExceeded
}

func (w slowWriter) SetWriteDeadline(at time.Time) error {
	if !time.Now().After(at) {
		panic("a deadline in the future")
	}
	close(w.cut)
	return nil
}

// TestHistorySlowReaders sends pages to clients that read nothing. Others get their pages at once. When
// there are too many, the first ones are cut off.
func TestHistorySlowReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newHistoryPages(fakeHistory{messages: said(3, "x")}, exemptAll, discard())
		p.sending.limit = 10
		h := routed(p)
		var writers []slowWriter
		var served sync.WaitGroup
		for range 15 {
			w := newSlowWriter()
			writers = append(writers, w)
			served.Go(func() { h.ServeHTTP(w, httptest.NewRequest("GET", "/log/lobby", nil)) })
			synctest.Wait()
		}
		start := time.Now()
		if res := get(t, h, "GET", "/log/lobby"); res.StatusCode != http.StatusOK || time.Since(start) != 0 {
			t.Errorf("another client: %s after %v", res.Status, time.Since(start))
		}
		for i, w := range writers {
			select {
			case <-w.cut:
				if i > 5 {
					t.Errorf("client %d is cut off", i)
				}
			default:
				if i < 6 {
					t.Errorf("client %d is not cut off", i)
				}
				close(w.cut)
			}
		}
		served.Wait()
		if n := len(p.sending.writers); n != 0 {
			t.Errorf("%d pages are still being sent", n)
		}
	})
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// routed returns a handler of the pages alone.
func routed(p *historyPages) http.Handler {
	r := routes{Router: chi.NewRouter(), allow: make(map[string]string)}
	p.addTo(r)
	return r
}
