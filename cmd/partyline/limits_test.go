package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestMembersFor keeps a reserve of descriptors.
func TestMembersFor(t *testing.T) {
	for descriptors, want := range map[int]int{0: 0, 64: 32, 256: 176, 1024: 896, 20_000: 18_686, 1 << 20: 982_976} {
		if got := membersFor(descriptors); got != want {
			t.Errorf("of %d descriptors, %d are members, not %d", descriptors, got, want)
		}
	}
}

// TestMembersOfDescriptors starts the program with few descriptors: it lets in as many as
// leave it a reserve, and tells the next one why not.
func TestMembersOfDescriptors(t *testing.T) {
	const limit = 128
	cmd := partylineCommand(t, nil, "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0")
	sh := exec.Command("sh", append([]string{"-c", `ulimit -n "$0" && exec "$@"`, fmt.Sprint(limit), cmd.Path}, cmd.Args[1:]...)...)
	sh.Env = cmd.Env
	p := startCommand(t, sh)
	tcp := expectLine(t, p.err, lineOpen)[0]
	for range membersFor(limit) {
		expectLine(t, call(t, tcp).out, welcomed)
	}
	c := call(t, tcp)
	expectLine(t, c.out, "! the server is full: try again later")
	expectLast(t, c.out, "! the server is full: try again later")
}

// TestHeaderEdges sends headers of just so many bytes as are let in, and of one more; and
// one that comes in time, and one that does not.
func TestHeaderEdges(t *testing.T) {
	s := startServer(t, func(c *config) { c.limits.headerTime = time.Second })
	ask := func(size int) int {
		c := dial(t, s.http)
		c.SetDeadline(time.Now().Add(patience))
		head := "GET /healthz HTTP/1.1\r\nHost: x\r\nX: \r\n\r\n"
		fmt.Fprint(c, strings.Replace(head, "X: ", "X: "+strings.Repeat("x", size-len(head)), 1))
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		return res.StatusCode
	}
	edge := defaultLimits.header << 10
	for size, want := range map[int]int{100: 200, edge: 200, edge + 1: 431, 2 * edge: 431} {
		if got := ask(size); got != want {
			t.Errorf("%d bytes of header are answered with %d, not %d", size, got, want)
		}
	}
	for delay, want := range map[time.Duration]bool{100 * time.Millisecond: true, 3 * time.Second: false} {
		c := dial(t, s.http)
		c.SetDeadline(time.Now().Add(patience))
		fmt.Fprint(c, "GET /healthz HTTP/1.1\r\n")
		time.Sleep(delay) // what is tested
		fmt.Fprint(c, "Host: x\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if ok := err == nil && res.StatusCode == 200; ok != want {
			t.Errorf("a header that took %v: %v, %v", delay, res, err)
		}
	}
}

// TestParseNetworks reads networks in each form that contains an address of IPv4 or IPv6.
func TestParseNetworks(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.7": "192.0.2.7/32", "192.0.2.7/24": "192.0.2.0/24", "2001:db8::7": "2001:db8::7/128", "2001:db8::/32": "2001:db8::/32",
		"::ffff:192.0.2.7": "192.0.2.7/32", "::ffff:192.0.2.7/120": "192.0.2.0/24", "::ffff:0:0/96": "0.0.0.0/0", "::/0": "::/0",
		"fe80::1%eth0": "fe80::1/128",
	} {
		got, err := parseNetworks([]string{text})
		if err != nil || len(got) != 1 || got[0].String() != want {
			t.Errorf("%s is %v, %v, not %s", text, got, err, want)
		}
	}
}
