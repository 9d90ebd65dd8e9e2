package clients

import (
	"net"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestForeignClients connects programs for other protocols to the TCP gateway. They print the server's
// error, if they print a response at all, and the room receives no messages from them.
func TestForeignClients(t *testing.T) {
	s := harness.StartServer(t, nil)
	host, port, _ := net.SplitHostPort(s.TCP)
	member := harness.DialText(t, s.TCP)
	nick := harness.ExpectLine(t, member.Out, harness.WelcomeLine)[0]

	page := "! this is a chat line; the web page is at http://" + s.HTTP + "/"
	for name, c := range map[string]struct {
		program []string
		shows   string // a part of what it prints
	}{
		"curl":       {[]string{"curl", "-sS", "http://" + s.TCP + "/"}, page},
		"curl -I":    {[]string{"curl", "-sSI", "http://" + s.TCP + "/"}, "HTTP/1.1 400 Bad Request"},
		"curl -d":    {[]string{"curl", "-sS", "-d", "buy my coins\n", "http://" + s.TCP + "/"}, page},
		"curl, TLS":  {[]string{"curl", "-sSk", "https://" + s.TCP + "/"}, "curl: (35) "},
		"curl, RTSP": {[]string{"curl", "-sS", "rtsp://" + s.TCP + "/"}, "curl: ("},
		"ssh": {[]string{
			"ssh", "-F", "none", "-oBatchMode=yes", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-p", port, "bob@" + host,
		}, "kex_exchange_identification"},
		"redis-cli": {[]string{"redis-cli", "-h", host, "-p", port, "-a", "hunter2", "GET", "key"}, "rror: Protocol error"},
	} {
		t.Run(name, func(t *testing.T) {
			program := harness.NeedProgram(t, c.program[0])
			var printed string
			for range 10 { // on a busy machine the server may send the welcome before the client's first bytes arrive
				p := harness.Start(t, program, c.program[1:]...)
				p.ExitCode(t, harness.Patience)
				if printed = p.Out.String() + p.Err.String(); strings.Contains(printed, c.shows) {
					return
				}
			}
			t.Errorf("%s printed\n%s\nwant %q", c.program, printed, c.shows)
		})
	}
	member.Say(t, "that was all")
	expectOnly(t, member.Out, nick+": that was all")
}

// expectOnly checks that the next line, apart from joins and leaves, is want.
func expectOnly(t *testing.T, f *harness.Feed[string], want string) {
	t.Helper()
	line, err := f.Await(func(line string) bool { return !strings.HasPrefix(line, "* ") })
	if err != nil {
		t.Fatal(err)
	}
	if line != want {
		t.Errorf("the room received %q, want %q", line, want)
	}
}
