//go:build unix

package proxies

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// NginxSendsPROXY are the changes that make the raw TCP listener of nginx send PROXY headers. The
// other proxies always do.
var NginxSendsPROXY = map[string]string{"#   proxy_protocol on;": "proxy_protocol on;"}

// Nginx is nginx with its stream module.
var Nginx = &Software{
	Name:   "nginx",
	RawTCP: true,
	Idle: func(d time.Duration) map[string]string {
		return map[string]string{"proxy_read_timeout 90s;": fmt.Sprintf("proxy_read_timeout %ds;", int(d.Seconds()))}
	},
	BriefGrace: map[string]string{"worker_shutdown_timeout 1h;": "worker_shutdown_timeout 1s;"},
	Trusting: map[string]string{
		"sndbuf=64k;\n\n        # For TLS add":   "sndbuf=64k proxy_protocol;\nset_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;\n# For TLS add",
		"sndbuf=64k;\n\n        # For TLS (ncat": "sndbuf=64k proxy_protocol;\nset_real_ip_from 127.0.0.1;\n# For TLS (ncat",
	},
	path:   "/usr/sbin/nginx",
	config: "nginx/partyline.conf",
	parts: func(a addresses) map[string]string {
		return map[string]string{
			"listen 8000 ":               "listen " + a.http + " ",
			"listen 4001 ":               "listen " + a.tcp + " ",
			"server 127.0.0.1:8080;":     "server " + a.toHTTP + ";",
			"proxy_pass 127.0.0.1:4000;": "proxy_pass " + a.toTCP + ";",
		}
	},
	secure: func(a addresses, pem string) map[string]string {
		const certificate = "\n        #   ssl_certificate     /etc/ssl/certs/chat.example.org.pem;" +
			"\n        #   ssl_certificate_key /etc/ssl/private/chat.example.org.key;"
		const http, stream = "#   listen 443 ssl so_keepalive=1m:15s:4 sndbuf=64k;", "#   listen 4002 ssl so_keepalive=1m:15s:4 sndbuf=64k;"
		own := "ssl so_keepalive=1m:15s:4 sndbuf=64k; ssl_certificate " + pem + "; ssl_certificate_key " + pem + ";"
		return map[string]string{
			http + certificate:   "listen " + a.https + " " + own,
			stream + certificate: "listen " + a.tls + " " + own,
		}
	},
	command: func(path, dir, config string) *exec.Cmd {
		return exec.Command(path, "-p", dir, "-c", config, "-g", "daemon off;")
	},
	reload: func(t *testing.T, p *Proxy) { p.Signal(t, syscall.SIGHUP) },
	requires: func(t *testing.T, config string) {
		if module := regexp.MustCompile(`(?m)^load_module (\S+);`).FindStringSubmatch(config); module != nil {
			if _, err := os.Stat(module[1]); err != nil {
				harness.Missing(t, "nginx's stream module")
			}
		}
	},
}
