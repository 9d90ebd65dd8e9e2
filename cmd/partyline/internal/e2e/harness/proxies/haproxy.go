//go:build unix

package proxies

import (
	"fmt"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// HAProxy is HAProxy, as a master and a worker.
var HAProxy = &Software{
	Name:   "HAProxy",
	RawTCP: true,
	Idle: func(d time.Duration) map[string]string {
		return map[string]string{"timeout tunnel 90s": fmt.Sprintf("timeout tunnel %ds", int(d.Seconds()))}
	},
	BriefGrace: map[string]string{"hard-stop-after 1h": "hard-stop-after 1s"},
	Trusting: map[string]string{
		"timeout http-request 10s\n": "timeout http-request 10s\n    tcp-request connection expect-proxy layer4\n",
		"mode tcp\n":                 "mode tcp\n    tcp-request connection expect-proxy layer4\n",
	},
	path:   "/usr/sbin/haproxy",
	config: "haproxy/partyline.cfg",
	parts: func(a addresses) map[string]string {
		return map[string]string{
			"bind :8000\n":                    "bind " + a.http + "\n",
			"bind :4001\n":                    "bind " + a.tcp + "\n",
			"server partyline 127.0.0.1:8080": "server partyline " + a.toHTTP,
			"server partyline 127.0.0.1:4000": "server partyline " + a.toTCP,
		}
	},
	secure: func(a addresses, pem string) map[string]string {
		const certificate = " ssl crt /etc/haproxy/chat.example.org.pem"
		return map[string]string{
			"# For TLS: bind :443" + certificate: "bind " + a.https + " ssl crt " + pem,
			"# bind :4002" + certificate:         "bind " + a.tls + " ssl crt " + pem,
		}
	},
	command: func(path, _, config string) *exec.Cmd { return exec.Command(path, "-W", "-db", "-f", config) },
	reload:  func(t *testing.T, p *Proxy) { p.Signal(t, syscall.SIGUSR2) },
}
