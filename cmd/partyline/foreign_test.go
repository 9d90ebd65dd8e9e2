package main

import (
	"net"
	"strings"
	"testing"
)

// TestForeignClients has programs for other protocols connect to the door for netcat. They show
// the line that is for them if they show anything, and nobody hears of them.
func TestForeignClients(t *testing.T) {
	s := startServer(t, nil)
	host, port, _ := net.SplitHostPort(s.tcp)
	nc := call(t, s.tcp)
	nick := expectLine(t, nc.out, welcomed)[0]

	page := "! this is a chat line; the web page is at http://" + s.http + "/"
	for name, c := range map[string]struct {
		program []string
		shows   string // a part of what it prints
	}{
		"curl":       {[]string{"curl", "-sS", "http://" + s.tcp + "/"}, page},
		"curl -I":    {[]string{"curl", "-sSI", "http://" + s.tcp + "/"}, "HTTP/1.1 400 Bad Request"},
		"curl -d":    {[]string{"curl", "-sS", "-d", "buy my coins\n", "http://" + s.tcp + "/"}, page},
		"curl, TLS":  {[]string{"curl", "-sSk", "https://" + s.tcp + "/"}, "curl: (35) "},
		"curl, RTSP": {[]string{"curl", "-sS", "rtsp://" + s.tcp + "/"}, "curl: ("},
		"ssh": {[]string{
			"ssh", "-F", "none", "-oBatchMode=yes", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-p", port, "bob@" + host,
		}, "kex_exchange_identification"},
		"redis-cli": {[]string{"redis-cli", "-h", host, "-p", port, "-a", "hunter2", "GET", "key"}, "rror: Protocol error"},
	} {
		t.Run(name, func(t *testing.T) {
			program := needProgram(t, c.program[0])
			var printed string
			for range 10 { // on a busy machine the greeting may come before what a client sends
				p := start(t, program, c.program[1:]...)
				p.exitCode(t, patience)
				if printed = p.out.String() + p.err.String(); strings.Contains(printed, c.shows) {
					return
				}
			}
			t.Errorf("%s prints\n%s", c.program, printed)
		})
	}
	nc.say(t, "that was all")
	expectOnly(t, nc.out, nick+": that was all")
}

// expectOnly reads on to a line, before which nothing but presence may come.
func expectOnly(t *testing.T, f *feed[string], want string) {
	t.Helper()
	line, err := f.await(func(line string) bool { return !strings.HasPrefix(line, "* ") })
	if err != nil {
		t.Fatal(err)
	}
	if line != want {
		t.Errorf("the room hears %q", line)
	}
}
