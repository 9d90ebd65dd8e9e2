package operate

import (
	"bufio"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestMembersForDescriptors starts the program with few file descriptors. It accepts as many members
// as leave a reserve of descriptors, and refuses the next one with a reason.
func TestMembersForDescriptors(t *testing.T) {
	harness.Long(t)
	t.Parallel()
	const limit = 128
	cmd := harness.Command(t, nil, "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0")
	sh := exec.Command("sh", append([]string{"-c", `ulimit -n "$0" && exec "$@"`, fmt.Sprint(limit), cmd.Path}, cmd.Args[1:]...)...)
	sh.Env = cmd.Env
	p := harness.StartCommand(t, sh)
	tcp := harness.ExpectLine(t, p.Err, harness.TCPListening)[0]
	for range app.MembersFor(limit) {
		harness.ExpectLine(t, harness.DialText(t, tcp).Out, harness.WelcomeLine)
	}
	c := harness.DialText(t, tcp)
	harness.ExpectLine(t, c.Out, "! the server is full: try again later")
	harness.ExpectLast(t, c.Out, "! the server is full: try again later")
}

// TestHeaderLimits sends headers of the maximum size and of one byte more, and headers that arrive
// before and after the timeout.
func TestHeaderLimits(t *testing.T) {
	harness.Long(t)
	s := harness.StartServer(t, func(c *app.Config) { c.Limits.HeaderTimeout = time.Second })
	request := func(size int) int {
		c := harness.Dial(t, s.HTTP)
		c.SetDeadline(time.Now().Add(harness.Patience))
		head := "GET /healthz HTTP/1.1\r\nHost: x\r\nX: \r\n\r\n"
		fmt.Fprint(c, strings.Replace(head, "X: ", "X: "+strings.Repeat("x", size-len(head)), 1))
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		return res.StatusCode
	}
	limit := app.DefaultConfig().Limits.MaxHeader
	for size, want := range map[int]int{100: 200, limit: 200, limit + 1: 431, 2 * limit: 431} {
		if got := request(size); got != want {
			t.Errorf("%d bytes of header: got status %d, want %d", size, got, want)
		}
	}
	for delay, want := range map[time.Duration]bool{100 * time.Millisecond: true, 3 * time.Second: false} {
		c := harness.Dial(t, s.HTTP)
		c.SetDeadline(time.Now().Add(harness.Patience))
		fmt.Fprint(c, "GET /healthz HTTP/1.1\r\n")
		time.Sleep(delay) // the delay that is tested
		fmt.Fprint(c, "Host: x\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if ok := err == nil && res.StatusCode == 200; ok != want {
			t.Errorf("a header that took %v: %v, %v", delay, res, err)
		}
	}
}
