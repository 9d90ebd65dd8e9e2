//go:build unix

package service

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// readYAML reads a document of a file in deploy, which must have no field that v does not have.
func readYAML(t *testing.T, name string, v any) {
	t.Helper()
	text, err := os.ReadFile(harness.RepoPath("deploy/" + name))
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// A composed is a service of compose.yaml.
type composed struct {
	Build, Image, Restart string
	Environment           map[string]string
	Volumes, Ports        []string
	Command               []string
	StopGracePeriod       string   `yaml:"stop_grace_period"`
	StopSignal            string   `yaml:"stop_signal"`
	ReadOnly              bool     `yaml:"read_only"`
	CapDrop               []string `yaml:"cap_drop"`
	SecurityOpt           []string `yaml:"security_opt"`
	Ulimits               map[string]int
	DependsOn             map[string]map[string]string `yaml:"depends_on"`
}

// TestCompose runs what compose.yaml runs: partyline with its settings, and nginx with its command and the
// configuration that is shipped. A client reaches partyline through nginx, which passes on its address.
func TestCompose(t *testing.T) {
	t.Parallel()
	var file struct {
		Services struct{ Partyline, Nginx composed }
		Volumes  map[string]any
	}
	readYAML(t, "compose.yaml", &file)
	server, nginx := file.Services.Partyline, file.Services.Nginx
	if _, err := os.Stat(filepath.Join(harness.RepoPath("deploy"), server.Build, "Dockerfile")); err != nil {
		t.Error(err)
	}
	if grace, err := time.ParseDuration(server.StopGracePeriod); err != nil || grace <= app.DefaultConfig().Drain {
		t.Errorf("partyline is killed after %s, %v", server.StopGracePeriod, err)
	}
	for _, v := range append(server.Volumes, nginx.Volumes...) {
		source, _, _ := strings.Cut(v, ":")
		if _, ok := file.Volumes[source]; !ok {
			if _, err := os.Stat(harness.RepoPath("deploy/" + source)); err != nil {
				t.Error(err)
			}
		}
	}

	dir := harness.PublicFolder(t)
	places := strings.NewReplacer("/run/partyline/", dir+"/", "/var/lib/partyline", dir+"/data", "/tmp/", dir+"/",
		"/etc/partyline.conf", dir+"/shipped.conf",
		"daemon off;", "daemon off; load_module /usr/lib/nginx/modules/ngx_stream_module.so;") // which is a file of its own in Debian
	var env []string
	for name, value := range server.Environment {
		env = append(env, name+"="+places.Replace(value))
	}
	p := harness.StartPartyline(t, env, "--log-level", "debug")
	harness.ExpectLine(t, p.Err, harness.HTTPListening)

	config, err := os.ReadFile(harness.RepoPath("deploy/nginx/partyline.conf"))
	if err != nil {
		t.Fatal(err)
	}
	web, chat := harness.FreeAddr(t), harness.FreeAddr(t)
	shipped := strings.NewReplacer("listen 8000 ", "listen "+web+" ", "listen 4001 ", "listen "+chat+" ").Replace(string(config))
	if err := os.WriteFile(dir+"/shipped.conf", []byte(shipped), 0o644); err != nil {
		t.Fatal(err)
	}
	harness.NeedProgram(t, "nginx")
	if len(nginx.Command) != 3 || strings.Join(nginx.Ports, " ") != "8000:8000 4001:4001" {
		t.Fatalf("the command is %q, the ports are %q", nginx.Command, nginx.Ports)
	}
	n := harness.Start(t, nginx.Command[0], nginx.Command[1], places.Replace(nginx.Command[2]))
	if !harness.Eventually(func() bool { return harness.Accepts(web) && harness.Accepts(chat) }) {
		t.Fatalf("nginx has not started:\n%s", n.Err)
	}
	nc := netcat(t, chat)
	bot := harness.DialBot(t, "ws://"+web+"/ws")
	bot.Say(t, "k", "hello")
	harness.ExpectLine(t, nc.Out, ".*: hello")
	harness.ExpectLine(t, p.Err, `.*msg="member joined" .*addr="?127\.0\.0\.1:\d+.*`)
}
