package operate

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"partyline/cmd/partyline/internal/certs/certstest"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// greet starts the program on a terminal, and returns it with the lines of its greeting.
func greet(t *testing.T, variables []string, args ...string) (p *harness.Process, lines []string) {
	t.Helper()
	p = harness.StartOnTerminal(t, harness.Command(t, variables, args...))
	harness.ExpectLine(t, p.Out, `  stop      Ctrl-C\r`)
	harness.ExpectLine(t, p.Out, `\r`)
	for _, line := range p.Out.All() {
		lines = append(lines, strings.TrimSuffix(line, "\r"))
	}
	return p, lines
}

// TestGreeting starts the program on a terminal, and does what it prints: it runs each command in a shell, and
// fetches each page.
func TestGreeting(t *testing.T) {
	t.Parallel()
	harness.NeedProgram(t, "nc.openbsd", "nc")
	dir := harness.PublicFolder(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, "partyline")); err != nil {
		t.Fatal(err)
	}
	ca := certstest.NewAuthority(t)
	cert, key := ca.IssueNow(t, "chat.example", "localhost")
	certFile, keyFile := certstest.Write(t, dir, cert, key)
	caFile := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(caFile, ca.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: trusting(ca), Timeout: harness.Patience}

	one := harness.FreeAddr(t)
	_, port, _ := net.SplitHostPort(harness.FreeAddr(t))
	for name, c := range map[string]struct {
		args []string
		want string // the labels and the beginnings of the texts
	}{
		"the usual listeners": {[]string{"--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"}, `netcat nc 127\.0\.0\.1 \d+
browser http://127\.0\.0\.1:\d+/
others not yet: start with
 --tcp :\d+ --http :\d+
history in memory.*
stop Ctrl-C`},
		"IPv6, one port, an operator": {[]string{"--tcp", "[::1]:0", "--http", "", "--admin", "127.0.0.1:0"}, `netcat nc ::1 \d+
others not yet: start with
 --tcp :\d+
operator http://127\.0\.0\.1:\d+/
history .*
stop .*`},
		"one port": {[]string{"--tcp", one, "--http", one}, `netcat nc 127\.0\.0\.1 \d+
browser http://127\.0\.0\.1:\d+/
others not yet: start with
 --tcp :(\d+) --http :\d+
history .*
stop .*`},
		"all addresses": {[]string{"--tcp", ":" + port, "--http", "", "--data", dir + "/data"}, `netcat nc 127\.0\.0\.1 \d+
others (?:nc \S+ \d+|this machine has no network now)
history in /.*/data
stop .*`},
		"unix sockets": {[]string{"--tcp", "unix:" + dir + "/it's a chat", "--http", "unix:" + dir + "/web"}, `netcat nc -U '/.*/it'\\''s a chat'
browser curl --unix-socket /.*/web http://localhost/
history .*
stop .*`},
		"TLS": {[]string{"--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--tls-cert", certFile, "--tls-key", keyFile}, `netcat nc 127\.0\.0\.1 \d+
talk partyline talk tls://localhost:\d+
browser https://localhost:\d+/
others not yet: start with
 --tcp :\d+ --http :\d+
history .*
stop .*`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, lines := greet(t, nil, c.args...)
			for len(lines) > 0 && lines[0] != "partyline "+harness.Version { // the log has that the certificate is loaded
				lines = lines[1:]
			}
			if len(lines) == 0 {
				t.Fatalf("there is no name and version:\n%s", p.Out)
			}
			var rows []string
			for _, line := range lines[1 : len(lines)-1] {
				label, text := strings.TrimSpace(line[:12]), line[12:]
				rows = append(rows, strings.TrimRight(label, " ")+" "+text)
				tryPrinted(t, client, dir, caFile, text)
			}
			if got := strings.Join(rows, "\n"); !regexp.MustCompile("^" + c.want + "$").MatchString(got) {
				t.Errorf("the greeting is\n%s", got)
			}
			p.Stdin.Write([]byte{3}) // Ctrl-C, as it says
			if code := p.ExitCode(t, harness.Patience); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if n := p.Out.Count(regexp.MustCompile("listening").MatchString); n != 0 {
				t.Errorf("the addresses are in the log too:\n%s", p.Out)
			}
		})
	}
}

// trusting returns a transport that trusts an authority.
func trusting(ca *certstest.Authority) *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: ca.Pool()}
	return transport
}

// tryPrinted does what a line of the greeting says: it runs the command, which must enter the room or print the
// page, or fetches the page. dir has the program, and caFile the authority of its certificate.
func tryPrinted(t *testing.T, client *http.Client, dir, caFile, text string) {
	t.Helper()
	command, _, _ := strings.Cut(text, " ")
	switch {
	case command == "nc" || command == "curl" || command == "partyline":
		sh := exec.Command("sh", "-c", text)
		sh.Env = append(harness.Command(t, nil).Env, "PATH="+dir+":"+os.Getenv("PATH"), "SSL_CERT_FILE="+caFile, "HOME="+t.TempDir())
		p := harness.StartCommand(t, sh)
		switch command {
		case "curl":
			harness.ExpectLine(t, p.Out, `.*<title>partyline</title>.*`)
		case "nc":
			harness.ExpectLine(t, p.Out, harness.WelcomeLine)
			p.Say(t, "hello from "+text)
			harness.ExpectLine(t, p.Out, `\S+: hello from .*`)
		default:
			p.Say(t, "hello from talk")
			harness.ExpectLine(t, p.Out, `.*hello from talk.*`)
		}
	case strings.HasPrefix(command, "http"):
		r, err := client.Get(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		r.Body.Close()
		if r.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", text, r.Status)
		}
	}
}

// TestTerminalLog has the log on a terminal, with colours and without. A client sends what a terminal would
// obey, as it is and spelled out.
func TestTerminalLog(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		variables []string
		codes     string // that the log may have
		joined    string
	}{
		"colours":    {[]string{"TERM=xterm-256color", "NO_COLOR="}, `\x1b\[(?:0|2|92|93)m`, `\x1b\[2m\d\d:\d\d:\d\d\x1b\[0m \x1b\[92mINF\x1b\[0m member joined \x1b\[2mnick=\x1b\[0m\S+ .*`},
		"no colours": {[]string{"TERM=xterm-256color", "NO_COLOR=1"}, `\x1b{2}`, `\d\d:\d\d:\d\d INF member joined nick=\S+ transport=tcp addr=127\.0\.0\.1:\d+ room=lobby\r`},
		"dumb":       {[]string{"TERM=dumb", "NO_COLOR="}, `\x1b{2}`, `\d\d:\d\d:\d\d INF member joined nick=\S+ transport=tcp .*`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := harness.FreeAddr(t)
			p, _ := greet(t, c.variables, "--tcp", addr, "--http", addr, "--log-level", "debug")
			member := harness.DialText(t, addr)
			harness.ExpectLine(t, member.Out, harness.WelcomeLine)
			member.Say(t, "hello")
			harness.ExpectLine(t, p.Out, c.joined)
			for i, hostile := range []string{`http://a \x1b[2J`, "http://\u009b2J\u202e", "http://\x80\xff", `\\x1b]0;title\a =`} {
				conn := harness.DialText(t, addr)
				fmt.Fprintf(conn.Conn, "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
					"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: %s\r\n\r\n", hostile)
				if i == 0 { // the others are logged at debug level
					harness.ExpectLine(t, p.Out, `.*WRN.*origin refused.*`)
				} else {
					harness.ExpectLine(t, p.Out, `.*DBG.*origin refused.*`)
				}
			}
			p.Signal(t, syscall.SIGTERM)
			if code := p.ExitCode(t, harness.Patience); code != 0 {
				t.Errorf("exit code %d", code)
			}
			harness.ExpectLine(t, p.Out, `.*INF.* stopped\r`)
			codes := regexp.MustCompile(c.codes)
			for _, line := range p.Out.All() {
				text := codes.ReplaceAllString(strings.TrimSuffix(line, "\r"), "")
				if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Errorf("the terminal gets %q", line)
				}
			}
		})
	}
}

// TestLogFormats checks that the log keeps its format if it is not on a terminal, and on a terminal if it was
// asked for.
func TestLogFormats(t *testing.T) {
	t.Parallel()
	args := []string{"--tcp", "127.0.0.1:0", "--http", ""}
	for format, want := range map[string]string{"text": harness.TCPListening, "json": `\{.*"msg":"listening","tcp":"(\S+)",.*\}`} {
		p := harness.StartOnTerminal(t, harness.Command(t, nil, append(args, "--log-format", format)...))
		harness.ExpectLine(t, p.Out, want+`\r?`)
		if first := p.Out.All()[0]; strings.HasPrefix(first, "partyline ") {
			t.Errorf("the greeting is in a log in %s: %s", format, first)
		}
	}
	p := harness.StartPartyline(t, []string{"TERM=xterm-256color"}, append(args, "--log-format", "auto")...)
	harness.ExpectLine(t, p.Err, harness.TCPListening)
	if p.Signal(t, syscall.SIGTERM); p.ExitCode(t, harness.Patience) != 0 || len(p.Out.All()) > 0 {
		t.Errorf("it prints %q", p.Out.All())
	}
	// A log that only warns has no greeting either.
	addr := harness.FreeAddr(t)
	p = harness.StartOnTerminal(t, harness.Command(t, nil, "--tcp", addr, "--http", "", "--log-level", "warn"))
	if !harness.Eventually(func() bool { return harness.Accepts(addr) }) {
		t.Fatal("the program does not listen")
	}
	if p.Signal(t, syscall.SIGTERM); p.ExitCode(t, harness.Patience) != 0 || len(p.Out.All()) > 0 {
		t.Errorf("it prints %q", p.Out.All())
	}
}
