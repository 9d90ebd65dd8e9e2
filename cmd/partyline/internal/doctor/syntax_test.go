package doctor_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/doctor"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestSyntax has each proxy check a configuration with each of its lines, at the place that the advice
// names.
func TestSyntax(t *testing.T) {
	for _, c := range []struct {
		program, path string
		args          []string // before the file
		configuration string
		places        map[string]string // → the start of the line that is at that place
	}{
		{
			"nginx", "/usr/sbin/nginx",
			[]string{"-t", "-g", "pid nginx.pid; error_log stderr;", "-p", "DIR", "-c"},
			`load_module /usr/lib/nginx/modules/ngx_stream_module.so;
events {}
http {
access_log off;
server {
listen 127.0.0.1:65000;
location / { # location
proxy_pass http://127.0.0.1:8080; # pass
}
location /party/ { # path
proxy_pass http://127.0.0.1:8080; # pass
}
}
}
stream {
server {
listen 127.0.0.1:65001;
proxy_pass 127.0.0.1:4000;
# stream
}
}
`,
			map[string]string{"in the location of partyline": "# location", "where the other proxy_set_header lines of partyline are": "# location", "in location /party/": "# path", "in the server of stream": "# stream"},
		},
		{
			"Caddy", "caddy",
			[]string{"validate", "--adapter", "caddyfile", "--config"},
			"http://127.0.0.1:65000 {\n# site\nreverse_proxy 127.0.0.1:8080 {\n# proxy\n}\n}\n",
			map[string]string{"in reverse_proxy": "# proxy", "in the site": "# site", "around reverse_proxy": "# site"},
		},
		{
			"HAProxy", "/usr/sbin/haproxy",
			[]string{"-c", "-f"},
			`defaults
timeout connect 5s
timeout client 5s
timeout server 5s
frontend web
mode http
bind 127.0.0.1:65000
default_backend partyline
# frontend
backend partyline
mode http
# backend
server other 127.0.0.1:8080 # server
`,
			map[string]string{"in the frontend": "# frontend", "in the backend": "# backend", "in the server line": "# server"},
		},
	} {
		t.Run(c.program, func(t *testing.T) {
			path := harness.NeedProgram(t, strings.ToLower(c.program), c.path)
			all := doctor.Lines(c.program)
			if len(all) < 5 {
				t.Errorf("there are %d", len(all))
			}
			for _, advice := range all {
				place, ok := c.places[advice.Where]
				if !ok || strings.Count(c.configuration, place) != 1 {
					t.Errorf("there is no place %q for %q", advice.Where, advice.Lines)
					continue
				}
				lines := strings.Join(advice.Lines, "\n")
				added := place + "\n" + lines
				if place == "# server" {
					added = lines
				}
				text := strings.Replace(c.configuration, place, added, 1)
				if strings.HasPrefix(lines, "proxy_pass") { // it replaces another one
					text = strings.Replace(text, added+"\nproxy_pass http://127.0.0.1:8080; # pass", added, 1)
				}
				dir := t.TempDir()
				file := filepath.Join(dir, "configuration")
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
				var args []string
				for _, arg := range append(c.args, file) {
					args = append(args, strings.ReplaceAll(arg, "DIR", dir))
				}
				cmd := exec.Command(path, args...)
				cmd.Env = append(os.Environ(), "HOME="+dir)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%q: %v\n%s", advice.Lines, err, out)
				}
			}
		})
	}
}
