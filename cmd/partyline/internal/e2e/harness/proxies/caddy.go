//go:build unix

package proxies

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Caddy is Caddy, which has no raw TCP. A reload always closes its WebSockets at once.
var Caddy = &Software{
	Name: "Caddy",
	Idle: func(d time.Duration) map[string]string {
		return map[string]string{"read_timeout 90s": fmt.Sprintf("read_timeout %ds", int(d.Seconds()))}
	},
	config:        "caddy/Caddyfile",
	Trusting:      map[string]string{"\ttransport http {": "\ttrusted_proxies 127.0.0.1\n\t\ttransport http {"},
	claimInHeader: true,
	parts: func(a addresses) map[string]string {
		host, port, _ := net.SplitHostPort(a.http)
		return map[string]string{
			"admin localhost:2019\n":         "admin unix/{$CADDY_ADMIN}\n",
			"\n:8000 {":                      "\n:" + port + " {\n\tbind " + host,
			"reverse_proxy 127.0.0.1:8080 {": "reverse_proxy " + a.toHTTP + " {",
		}
	},
	secure: func(a addresses, pem string) map[string]string {
		host, _, _ := net.SplitHostPort(a.https)
		return map[string]string{
			"admin localhost:2019\n": "admin unix/{$CADDY_ADMIN}\n\tauto_https disable_redirects\n", // from port 80
			"\n:8000 {":              "\nhttps://" + a.https + " {\n\tbind " + host + "\n\ttls " + pem + " " + pem,
		}
	},
	command: func(path, dir, config string) *exec.Cmd {
		return inDir(exec.Command(path, "run", "--config", config), dir)
	},
	reload: func(t *testing.T, p *Proxy) {
		out, err := inDir(exec.Command(p.Cmd.Path, "reload", "--force", "--config", p.config), p.dir).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	},
}

// inDir makes Caddy write its state to a directory, and read the path of its admin endpoint.
func inDir(c *exec.Cmd, dir string) *exec.Cmd {
	c.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir, "CADDY_ADMIN="+dir+"/admin.sock")
	return c
}
