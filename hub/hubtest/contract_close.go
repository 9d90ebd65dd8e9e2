package hubtest

import (
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/hub"
)

func testCloseDelivers(t *testing.T, p Pair) {
	p.Peer.Send("unread") // must not make Close reset the connection
	p.write(t, "goodbye")
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		p.Conn.Close(hub.ErrQuit)
	}()
	p.receive(t, "goodbye")
	if text, err := p.Peer.Receive(); err != io.EOF {
		t.Errorf("%q, %v; want the end", text, err)
	}
	p.Peer.Break()
	<-closed
	if _, err := p.Conn.Write(p.Codec.Append(nil, message("late"))); err == nil {
		t.Error("Write succeeds after Close")
	}
}

func testCloseUnblocksRead(t *testing.T, p Pair) {
	read := make(chan error, 1)
	go func() {
		_, err := p.Conn.ReadLine()
		read <- err
	}()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		p.Conn.Close(hub.ErrQuit)
	}()
	for range 2 { // the second time while Close waits for the peer
		select {
		case err := <-read:
			if err == nil || errors.Is(err, io.EOF) {
				t.Errorf("got %v", err)
			}
		case <-closed:
			t.Error("ReadLine waits for Close")
		case <-time.After(patience):
			t.Error("Close does not unblock ReadLine")
		}
		go func() {
			_, err := p.Conn.ReadLine()
			read <- err
		}()
	}
	<-read
	p.Peer.Break()
	<-closed
}

func testCloseUnblocksWrite(t *testing.T, p Pair) {
	needRawIO(t) // to fill the socket
	written := make(chan error, 1)
	frames := p.Codec.Append(nil, message(strings.Repeat("x", 60_000)))
	for { // until the socket is full
		n, err := p.Conn.(hub.TryWriter).TryWrite(frames)
		if err != nil || n == 0 {
			break
		}
	}
	go func() {
		var err error
		for err == nil { // the kernel may still move bytes of a full socket to the peer
			_, err = p.Conn.Write(frames)
		}
		written <- err
	}()
	var closes sync.WaitGroup
	for range 2 {
		closes.Go(func() { p.Conn.Close(hub.ErrShutdown) })
	}
	select {
	case <-written:
	case <-time.After(patience):
		t.Error("Close does not unblock Write")
	}
	closes.Wait()
}
