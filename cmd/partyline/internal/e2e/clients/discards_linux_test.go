package clients

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestHangUpOnMuch says more than the kernel takes, reads nothing and closes: what the
// server's kernel has acknowledged is heard, and the client's discards the rest.
func TestHangUpOnMuch(t *testing.T) {
	const size = 1000
	p := harness.StartProgram(t, "--rate", "500", "--burst", "20")
	witness := harness.DialText(t, p.TCP)
	harness.ExpectLine(t, witness.Out, harness.WelcomeLine)
	conn := harness.Dial(t, p.TCP)
	said := 0 // lines; the last one perhaps in part
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
		harness.ExpectLine(t, witness.Out, `\S+: `+strings.TrimSpace(numbered(i, size)))
	}
	harness.ExpectLine(t, witness.Out, `\* \S+ has left`)
	heard := witness.Out.Count(func(line string) bool { return len(line) > size })
	if heard >= said-1 {
		t.Errorf("all %d lines are heard: nothing was discarded", heard)
	}
	t.Logf("%d lines were written, %d acknowledged before the close, %d heard", said, acked, heard)
}

// numbered returns a line of so many bytes.
func numbered(n, size int) string {
	line := fmt.Sprint("line ", n, " ")
	return line + strings.Repeat("x", size-len(line)-1) + "\n"
}
