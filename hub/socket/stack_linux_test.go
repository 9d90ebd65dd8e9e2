//go:build !portable

package socket

import (
	"io"
	"testing"
	"unsafe"

	"partyline/hub/hubtest"
)

// TestReadStack reads with and without TLS. While Read waits it uses the same little stack.
func TestReadStack(t *testing.T) {
	plain, peer := pair(t)
	sealed, sealedPeer := tlsPair(t, new(Group), hubtest.TLSOverTCP)
	depth, depthTLS := waitDepth(t, plain, peer), waitDepth(t, sealed, sealedPeer)
	if depth == 0 || depthTLS != depth {
		t.Errorf("Read waits with %d bytes of stack, and with %d bytes over TLS", depth, depthTLS)
	}
}

// waitDepth returns how many bytes of stack Read uses while it waits for input. The first Read must
// wait.
func waitDepth(t *testing.T, c *Conn, peer io.Writer) (depth uintptr) {
	wait := c.tryRead
	waiting := make(chan bool, 1)
	var deepest uintptr // an address: stacks grow downwards
	c.tryRead = func(fd uintptr) bool {
		var here byte
		deepest = uintptr(unsafe.Pointer(&here))
		ready := wait(fd)
		if !ready {
			waiting <- true
		}
		return ready
	}
	read := make(chan error)
	go func() {
		growStack(make([]byte, 16)) // so that the runtime does not move the stack
		var here byte
		start := uintptr(unsafe.Pointer(&here))
		_, err := c.Read()
		depth = start - deepest
		read <- err
	}()
	select {
	case <-waiting:
	case err := <-read:
		t.Fatalf("Read does not wait: %v", err)
	}
	if _, err := peer.Write([]byte("hello\n")); err != nil {
		t.Fatal(err)
	}
	if err := <-read; err != nil {
		t.Fatal(err)
	}
	return depth
}

//go:noinline
func growStack(b []byte) {
	var large [32 << 10]byte
	copy(large[:], b)
	copy(b, large[len(large)-len(b):])
}
