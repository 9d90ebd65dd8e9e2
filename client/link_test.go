package client

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// TestInterruptLink interrupts links to a server that reads nothing. Reads and writes end, also those that begin later.
func TestInterruptLink(t *testing.T) {
	up := websocket.Upgrader{Subprotocols: []string{"partyline.json.v1"}}
	over := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer ws.Close()
		<-over
	}))
	defer s.Close()
	defer close(over)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, address := range []string{"tcp://" + ln.Addr().String(), strings.Replace(s.URL, "http", "ws", 1) + "/ws"} {
		targets, err := parseAddress(address)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(targets[0].scheme, func(t *testing.T) {
			l, err := (&dialer{Options{}, func() {}}).reach(t.Context(), targets[0])
			if err != nil {
				t.Fatal(err)
			}
			defer l.close()
			ended := make(chan error, 2)
			for _, do := range []func() error{
				func() error { _, err := l.read(); return err },
				func() error {
					for { // more than the buffers of the sockets take
						if err := l.write([][]byte{make([]byte, 1<<20)}); err != nil {
							return err
						}
					}
				},
			} {
				go func() { ended <- do() }()
			}
			l.interrupt()
			for range 2 {
				select {
				case err := <-ended:
					if err == nil {
						t.Error("no error")
					}
				case <-time.After(10 * time.Second):
					t.Fatal("a read or a write does not end")
				}
			}
			if err := l.write([][]byte{make([]byte, 1<<10)}); err == nil {
				t.Error("a later write has no error")
			}
		})
	}
}

// TestCloseUnreadTLS closes a link with TLS to a server that reads nothing. close does not wait until the server can
// get a goodbye.
func TestCloseUnreadTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(nil)
	s.TLS = &tls.Config{}
	s.StartTLS() // for its certificate
	s.Close()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", s.TLS)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	over := make(chan struct{})
	defer close(over)
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if err := conn.(*tls.Conn).Handshake(); err != nil {
			t.Error(err)
		}
		<-over
	}()
	targets, err := parseAddress("tls://" + ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	l, err := (&dialer{Options{TLS: &tls.Config{InsecureSkipVerify: true}}, func() {}}).reach(t.Context(), targets[0])
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(200*time.Millisecond, l.interrupt)
	for err == nil { // more than the buffers of the sockets take
		err = l.write([][]byte{make([]byte, 1<<20)})
	}
	start := time.Now()
	l.close()
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("close takes %v", d)
	}
}
