package clients

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestCloseWithUnsentData writes more than the kernel buffers, does not read, and closes the connection. The
// lines that the server's kernel has acknowledged are delivered. The client's kernel discards the rest.
func TestCloseWithUnsentData(t *testing.T) {
	const size = 1000
	p := harness.StartProgram(t, "--rate", "500", "--burst", "20")
	observer := harness.DialText(t, p.TCP)
	harness.ExpectLine(t, observer.Out, harness.WelcomeLine)
	conn := harness.Dial(t, p.TCP)
	said := 0 // in lines; the last may be written in part
	for err := error(nil); err == nil; said++ {
		conn.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
		_, err = conn.Write([]byte(numbered(said, size)))
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var acked int
	raw.Control(func(fd uintptr) {
		var info *unix.TCPInfo
		if info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			acked = int(info.Bytes_acked) / size
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	for i := range acked {
		harness.ExpectLine(t, observer.Out, `\S+: `+strings.TrimSpace(numbered(i, size)))
	}
	harness.ExpectLine(t, observer.Out, `\* \S+ has left`)
	delivered := observer.Out.Count(func(line string) bool { return len(line) > size })
	if delivered >= said-1 {
		t.Errorf("all %d lines were delivered, want some discarded", delivered)
	}
	t.Logf("%d lines were written, %d acknowledged before the close, %d delivered", said, acked, delivered)
}

// numbered returns line n, which is size bytes long.
func numbered(n, size int) string {
	line := fmt.Sprint("line ", n, " ")
	return line + strings.Repeat("x", size-len(line)-1) + "\n"
}
