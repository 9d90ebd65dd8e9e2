//go:build unix

package proxy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/proxies"
)

// A diagnosis is what the program prints as doctor.
type diagnosis struct {
	status int
	out    string
}

// examine runs doctor.
func examine(t *testing.T, variables []string, args ...string) diagnosis {
	t.Helper()
	cmd := harness.Command(t, variables, append([]string{"doctor"}, args...)...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) == 0 {
		err = nil
	}
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return diagnosis{cmd.ProcessState.ExitCode(), string(out)}
}

// state returns the state of a check.
func (d diagnosis) state(check string) string {
	for line := range strings.Lines(d.out) {
		if f := strings.Fields(line); len(f) > 1 && f[1] == check {
			return f[0]
		}
	}
	return "missing"
}

// lines returns the lines to add to the configuration of a program, of all findings.
func (d diagnosis) lines(program string) (all []string) {
	reading := false
	for line := range strings.Lines(d.out) {
		line = strings.TrimSuffix(line, "\n")
		added, isLine := strings.CutPrefix(line, "       ")
		switch {
		case !isLine:
			reading = strings.HasPrefix(line, "   Add:     "+program) || strings.HasPrefix(line, "   Or add:  "+program)
		case reading:
			all = append(all, added)
		}
	}
	return all
}

// checks are the checks of doctor.
var checks = []string{"page", "path", "tls", "http", "host", "websocket", "idle", "client", "scheme", "buffering", "clock", "tcp"}

// expectWrong checks that some checks are as expected, and all others are ok, or can't be made.
func (d diagnosis) expectWrong(t *testing.T, status int, wrong map[string]string) {
	t.Helper()
	for _, check := range checks {
		want, isWrong := wrong[check]
		if got := d.state(check); isWrong && got != want || !isWrong && got != "ok" && got != "-" {
			t.Errorf("%s is %s:\n%s", check, got, d.out)
		}
	}
	if d.status != status {
		t.Errorf("the exit status is %d:\n%s", d.status, d.out)
	}
}

// expectWell checks that all checks are ok, except some that can't be made.
func (d diagnosis) expectWell(t *testing.T, except ...string) {
	t.Helper()
	for _, check := range checks {
		want := "ok"
		if slices.Contains(except, check) {
			want = "-"
		}
		if got := d.state(check); got != want {
			t.Errorf("%s is %s:\n%s", check, got, d.out)
		}
	}
	if d.status != 0 || !strings.Contains(d.out, "\nNothing is wrong") {
		t.Errorf("the exit status is %d:\n%s", d.status, d.out)
	}
}

// TestDoctor breaks the configuration of nginx in eight ways. Doctor names the missing line for each, and
// finds nothing wrong when that line is added.
func TestDoctor(t *testing.T) {
	harness.SkipIfShort(t)
	believed := []string{"--proxy", "127.0.0.1"}
	for _, c := range []struct {
		name    string
		flags   []string          // of the server
		broken  string            // the part of the configuration that is missing, and that the advice replaces
		with    string            // what is there instead; %s is the place of the advice
		others  map[string]string // changes
		path    string
		secure  bool // nginx ends TLS
		wrong   map[string]string
		program string // to which the advice is given
		want    []string
	}{
		{
			name: "missing upgrade", flags: believed, with: "%s", program: "nginx",
			broken: "proxy_set_header Upgrade $http_upgrade;\n        proxy_set_header Connection $connection_upgrade;",
			wrong:  map[string]string{"websocket": "WRONG"},
			want:   []string{"proxy_set_header Upgrade $http_upgrade;", `proxy_set_header Connection "upgrade";`},
		},
		{
			name: "wrong Host", flags: believed, with: "%s", program: "nginx",
			broken: "proxy_set_header Host $http_host;",
			wrong:  map[string]string{"host": "WRONG"},
			want:   []string{"proxy_set_header Host $http_host;"},
		},
		{
			name: "Host without its port", flags: believed, with: "%s", program: "nginx",
			broken: "proxy_set_header Host $http_host;",
			wrong:  map[string]string{"host": "WRONG"},
			want:   []string{"proxy_set_header Host $http_host;"},
		},
		{
			name: "HTTP 1.0", flags: believed, with: "%s", program: "nginx",
			broken: "proxy_http_version 1.1;",
			wrong:  map[string]string{"http": "WRONG"},
			want:   []string{"proxy_http_version 1.1;"},
		},
		{
			name: "buffering", flags: believed, program: "nginx",
			broken: "proxy_buffering off;", with: "%s", others: map[string]string{
				"location / {": "location = /ws { proxy_pass http://partyline; }\nlocation / { proxy_http_version 1.0;",
			},
			wrong: map[string]string{"buffering": "note"},
			want:  []string{"proxy_buffering off;"},
		},
		{
			name: "short timeout", flags: believed, with: "%s", program: "nginx",
			broken: "proxy_read_timeout 90s;",
			wrong:  map[string]string{"idle": "WRONG"},
			want:   []string{"proxy_read_timeout 90s;"},
		},
		{
			name: "prefix not stripped", flags: believed, path: "/party/", with: "%s", program: "nginx",
			broken: "proxy_pass http://partyline/;",
			wrong:  map[string]string{"path": "WRONG"},
			want:   []string{"proxy_pass http://SERVER/;"},
		},
		{
			name: "untrusted hop", program: "partyline",
			wrong: map[string]string{"client": "WRONG", "tcp": "WRONG"},
			want:  []string{"--proxy 127.0.0.1", "--proxy 127.0.0.1"},
		},
		{
			name: "TLS in between", secure: true, program: "partyline",
			wrong: map[string]string{"tls": "WRONG", "client": "WRONG", "tcp": "WRONG"},
			want:  []string{"--proxy 127.0.0.1", "--proxy 127.0.0.1", "--proxy 127.0.0.1"},
		},
		{
			name: "no client", flags: believed, with: "%s", program: "nginx",
			broken: "proxy_set_header X-Forwarded-For $remote_addr;",
			wrong:  map[string]string{"client": "WRONG"},
			want:   []string{"proxy_set_header X-Forwarded-For $remote_addr;"},
		},
		{
			name: "no PROXY header", flags: believed, with: "%s", program: "nginx",
			broken: "#   proxy_protocol on;",
			wrong:  map[string]string{"tcp": "WRONG"},
			want:   []string{"proxy_protocol on;"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			flags := append([]string{"--ping", "1s"}, c.flags...)
			var site *site
			var variables []string
			if c.secure {
				site = newSite(t)
				flags = append(flags, site.flags...)
				variables = []string{"SSL_CERT_FILE=" + site.caFile}
			}
			// run starts a server and nginx with some lines at the place of the advice, and examines them.
			run := func(flags []string, lines string) (diagnosis, *harness.Program) {
				p := harness.StartProgram(t, flags...)
				server := &harness.Server{TCP: p.TCP, HTTP: p.HTTP}
				changes := maps.Clone(proxies.NginxSendsPROXY)
				maps.Copy(changes, c.others)
				if c.broken != "" {
					changes[c.broken] = fmt.Sprintf(c.with, lines)
				}
				args := []string{"--tcp"}
				if c.secure {
					n := proxies.Nginx.StartSecure(t, server, site.pem, changes)
					args = append(args, n.TCP, "https://"+n.HTTPS)
				} else {
					n := proxies.Nginx.Start(t, server, changes)
					args = append(args, n.TCP, "http://"+n.HTTP+c.path)
				}
				return examine(t, variables, args...), p
			}

			present := map[string]string{
				"short timeout": "proxy_read_timeout 200ms;", "prefix not stripped": "proxy_pass http://partyline;",
				"Host without its port": "proxy_set_header Host $host;",
			}[c.name]
			d, p := run(flags, present)
			status := 1
			if c.wrong["buffering"] != "" {
				status = 0
			}
			d.expectWrong(t, status, c.wrong)
			advice := d.lines(c.program)
			for i, line := range c.want {
				c.want[i] = strings.ReplaceAll(line, "SERVER", p.HTTP)
			}
			if !slices.Equal(advice, c.want) {
				t.Errorf("the advice is %q, not %q:\n%s", advice, c.want, d.out)
			}
			p.Stop(t)

			if c.program == "partyline" {
				flags, advice = append(flags, strings.Fields(advice[0])...), nil
			}
			for _, line := range advice { // the server has another port now
				if strings.Contains(line, p.HTTP) {
					flags = append(flags, "--http", p.HTTP)
				}
			}
			d, _ = run(flags, strings.Join(advice, "\n"))
			if c.secure {
				d.expectWell(t)
			} else {
				d.expectWell(t, "tls")
			}
		})
	}
}

// TestDoctorTLS adds the other line for TLS in between: nginx uses TLS to reach the server. Then it makes nginx use
// TLS to reach a server that has none.
func TestDoctorTLS(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	s := newSite(t)
	const pass = "proxy_pass http://partyline;"
	run := func(flags []string, line string) (diagnosis, *harness.Program) {
		p := harness.StartProgram(t, append([]string{"--ping", "1s"}, flags...)...)
		n := proxies.Nginx.StartSecure(t, &harness.Server{TCP: p.TCP, HTTP: p.HTTP}, s.pem, map[string]string{pass: line})
		return examine(t, []string{"SSL_CERT_FILE=" + s.caFile}, "https://"+n.HTTPS, "--idle", "0"), p
	}
	d, p := run(s.flags, pass)
	advice := d.lines("nginx")
	if d.state("tls") != "WRONG" || len(advice) == 0 || advice[0] != "proxy_pass https://"+p.HTTP+";" {
		t.Fatalf("the advice is %q:\n%s", advice, d.out)
	}
	p.Stop(t)
	if d, _ = run(append(s.flags, "--http", p.HTTP), advice[0]); d.state("tls") != "ok" || d.state("websocket") != "ok" {
		t.Errorf("with the advice:\n%s", d.out)
	}
	d, _ = run(nil, "proxy_pass https://partyline;")
	if d.state("page") != "WRONG" || d.status != 1 || !slices.Equal(d.lines("nginx"), []string{"proxy_pass http://127.0.0.1:8080;"}) {
		t.Errorf("with TLS to a server without:\n%s", d.out)
	}
}

// TestDoctorOthers breaks the configurations of HAProxy and Caddy. Doctor names the missing line.
func TestDoctorOthers(t *testing.T) {
	harness.SkipIfShort(t)
	for _, c := range []struct {
		name     string
		proxy    *proxies.Software
		old, new string
		check    string
		want     []string
	}{
		{"HAProxy, short timeout", proxies.HAProxy, "timeout tunnel 90s", "timeout tunnel 200ms", "idle", []string{"timeout tunnel 90s"}},
		{
			"HAProxy, no client", proxies.HAProxy, "http-request set-header X-Forwarded-For %[src]", "", "client",
			[]string{"http-request set-header X-Forwarded-For %[src]"},
		},
		{"HAProxy, no PROXY header", proxies.HAProxy, " send-proxy-v2\n", "\n", "tcp", []string{"send-proxy-v2"}},
		{"Caddy, short timeout", proxies.Caddy, "read_timeout 90s", "read_timeout 200ms", "idle", []string{"transport http {", "    read_timeout 90s", "}"}},
		{"Caddy, wrong Host", proxies.Caddy, "\ttransport http {", "\theader_up Host partyline\n\t\ttransport http {", "host", []string{"header_up Host {hostport}"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := harness.StartProgram(t, "--proxy", "127.0.0.1", "--ping", "1s")
			n := c.proxy.Start(t, &harness.Server{TCP: p.TCP, HTTP: p.HTTP}, map[string]string{c.old: c.new})
			args := []string{"http://" + n.HTTP}
			if c.proxy.RawTCP {
				args = append(args, "--tcp", n.TCP)
			}
			d := examine(t, nil, args...)
			d.expectWrong(t, 1, map[string]string{c.check: "WRONG"})
			if got := d.lines(c.proxy.Name); !slices.Equal(got, c.want) {
				t.Errorf("the advice is %q, not %q:\n%s", got, c.want, d.out)
			}
		})
	}
}

// TestHiddenHost opens WebSockets as a page does, through an nginx that hides the host. The log names the
// missing line, once.
func TestHiddenHost(t *testing.T) {
	p := harness.StartProgram(t, "--host", "chat.example", "--host", "partyline")
	n := proxies.Nginx.Start(t, &harness.Server{TCP: p.TCP, HTTP: p.HTTP}, map[string]string{"proxy_set_header Host $http_host;": ""})
	for range 3 {
		conn := harness.Dial(t, n.HTTP)
		fmt.Fprintf(conn, upgrade+"Origin: http://chat.example\r\n\r\n", "webby")
		harness.ExpectLine(t, harness.ReadText(conn).Out, `HTTP/1\.1 403 .*`)
	}
	harness.ExpectLine(t, p.Err, `.*level=WARN msg="origin refused, as a proxy seems to hide the host" .*origin=http://chat.example host=partyline hint="nginx needs: proxy_set_header Host \$http_host;.*`)
	p.Stop(t)
	if n := p.Err.Count(func(line string) bool { return strings.Contains(line, "origin refused") }); n != 1 {
		t.Errorf("the log has it %d times:\n%s", n, p.Err)
	}
}

// TestDoctorShipped examines each proxy as its configuration is shipped, at the root and under a path.
func TestDoctorShipped(t *testing.T) {
	harness.SkipIfShort(t)
	for _, s := range proxies.All {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			p := harness.StartProgram(t, "--proxy", "127.0.0.1", "--ping", "1s")
			n := s.Start(t, &harness.Server{TCP: p.TCP, HTTP: p.HTTP}, sendingPROXY(s))
			for _, path := range []string{"", "/party"} {
				args := []string{"http://" + n.HTTP + path, "--tcp", cmp.Or(n.TCP, p.TCP)}
				if path == "" || s != proxies.HAProxy { // which has no path
					examine(t, nil, args...).expectWell(t, "tls")
				}
			}
		})
	}
}

// TestDoctorElsewhere examines a server that does not let doctor read the report, and one that is not
// there. It names no address of the server.
func TestDoctorElsewhere(t *testing.T) {
	t.Parallel()
	p := harness.StartProgram(t, "--proxy", "127.0.0.1", "--ping", "1s")
	n := proxies.Nginx.Start(t, &harness.Server{TCP: p.TCP, HTTP: p.HTTP}, map[string]string{
		"proxy_set_header X-Forwarded-For $remote_addr;":  "proxy_set_header X-Forwarded-For 198.51.100.7;",
		"proxy_set_header Host $http_host;":               "",
		"proxy_set_header X-Forwarded-Proto $scheme;\n\n": "",
	})
	d := examine(t, nil, "http://chat.example", "--connect", n.HTTP)
	d.expectWrong(t, 1, map[string]string{"host": "WRONG"})
	if d.state("report") != "-" || !strings.Contains(d.out, "--exempt") || strings.Contains(d.out, p.HTTP) {
		t.Errorf("it prints:\n%s", d.out)
	}
	if d = examine(t, nil, "http://"+harness.FreeAddr(t)); d.status != 3 || d.state("page") != "WRONG" {
		t.Errorf("status %d without a server:\n%s", d.status, d.out)
	}
}
