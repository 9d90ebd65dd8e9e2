package tcpgw

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/hubtest"
)

// TestUnixClients connects clients over a unix socket. Limits by address do not apply to them, but
// that of all members does. The log names their process. A proxy's network does not include them.
func TestUnixClients(t *testing.T) {
	const members = 3
	log := new(hubtest.Buffer)
	h := hub.New(hub.Options{
		Limits: admission.Limits{Members: members, PerAddress: 1, Arrivals: 1},
		Log:    slog.New(slog.NewTextHandler(log, nil)),
	})
	ln := hubtest.Unix.Listen(t)
	serveOn(t, &Gateway{Hub: h, Proxies: admission.NewNetworks(netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0"))}, ln)
	firstLine := func(c io.Reader) string {
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return line
	}
	for range members {
		c := ln.Dial(t)
		io.WriteString(c, "hello\n")
		if line := firstLine(c); !strings.HasPrefix(line, "* You are ") {
			t.Errorf("a client reads %q", line)
		}
	}
	if line := firstLine(ln.Dial(t)); !strings.HasPrefix(line, "! "+admission.ErrFull.Error()) {
		t.Errorf("a client over the limit reads %q", line)
	}
	if !hubtest.RawIO {
		return // the process of the peer is not known
	}
	want := fmt.Sprintf("addr=\"unix:pid=%d,uid=%d\"", os.Getpid(), os.Getuid())
	for late := time.Now().Add(20 * time.Second); strings.Count(log.String(), want) < members; time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("the log has no %s:\n%s", want, log.String())
		}
	}
}
