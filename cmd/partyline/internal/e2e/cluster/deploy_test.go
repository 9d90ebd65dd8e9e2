package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/hub/hubtest/natstest"
)

// TestNATSUser runs a server with the user of deploy/cluster/nats.conf. What it may do must suffice.
func TestNATSUser(t *testing.T) {
	file := harness.RepoPath("deploy/cluster/nats.conf")
	natstest.Check(t, file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, user, ok := strings.Cut(string(text), "# authorization {")
	if !ok {
		t.Fatal("there is no user")
	}
	servers := natstest.New(t, 1, "authorization {"+strings.ReplaceAll(strings.ReplaceAll(user, "\n# ", "\n"), "PASSWORD", "secret"))
	servers.Start(0)
	url := strings.Replace(servers.URLs()[0], "nats://", "nats://partyline:secret@", 1)
	p := harness.StartProgram(t, "--nats", url, "--data", t.TempDir(), "--log-format", "text", "--log-level", "debug")
	if !harness.Eventually(func() bool {
		return p.Err.Count(func(s string) bool { return strings.Contains(s, "NATS connected") }) > 0
	}) {
		t.Fatalf("there is no connection:\n%s", p.Err)
	}
	var bot *harness.Bot
	if !harness.Eventually(func() bool {
		_, response, err := harness.DialWebSocket(t, "ws://"+p.HTTP+"/ws", nil)
		return err == nil || response == nil || response.StatusCode != 503
	}) {
		t.Fatalf("no client is admitted:\n%s", p.Err)
	}
	bot = harness.DialBot(t, "ws://"+p.HTTP+"/ws?nick=bot")
	if e := bot.Say(t, "key", "hello"); e.Type != "ack" {
		t.Errorf("the response is %+v", e)
	}
	bot.Request(t, map[string]any{"type": "nick", "nick": "robot", "ref": "n"})
	if e := bot.Expect(t, "the answer", func(e harness.Event) bool { return e.Ref == "n" }); e.Type != "ack" {
		t.Errorf("the response is %+v", e)
	}
	bot.Request(t, map[string]any{"type": "history", "ref": "h"})
	if e := bot.Expect(t, "the history", func(e harness.Event) bool { return e.Ref == "h" }); len(e.Messages) != 1 {
		t.Errorf("the history is %+v", e)
	}
	n := 0
	if !harness.Eventually(func() bool { // until the index is ready
		n++
		ref := fmt.Sprint("s", n)
		bot.Request(t, map[string]any{"type": "search", "words": "hello", "ref": ref})
		return len(bot.Expect(t, "the search", func(e harness.Event) bool { return e.Ref == ref }).Messages) == 1
	}) {
		t.Error("a search does not find the message")
	}
	if n := p.Err.Count(func(s string) bool { return strings.Contains(strings.ToLower(s), "permission") }); n > 0 {
		t.Errorf("the log has:\n%s", p.Err)
	}
	if status, out := doctor(t, "--nats", url); status != 0 || strings.Contains(out, "secret") {
		t.Errorf("doctor exits with %d:\n%s", status, out)
	}
}

// TestDeploySettings checks the settings of partyline in the examples.
func TestDeploySettings(t *testing.T) {
	run := func(variables []string, args ...string) {
		t.Helper()
		p := harness.StartPartyline(t, variables, args...)
		if code := p.ExitCode(t, harness.Patience); code != 0 {
			t.Errorf("%q %q: exit code %d\n%s", variables, args, code, p.Err)
		}
	}
	run(nil, "config", "check", harness.RepoPath("deploy/cluster/partyline.toml"))

	var file struct {
		Services map[string]struct {
			Image       string
			Environment map[string]string
		}
	}
	for _, document := range documents(t, "compose.yaml") {
		if err := document.Decode(&file); err != nil {
			t.Fatal(err)
		}
	}
	var variables []string
	for name, value := range file.Services["a"].Environment {
		variables = append(variables, name+"="+value)
	}
	if len(file.Services) != 7 || len(variables) == 0 {
		t.Errorf("there are %d services, and the variables %q", len(file.Services), variables)
	}
	run(variables, "config")

	var args []string
	kinds := map[string]int{}
	for _, document := range documents(t, "kubernetes.yaml") {
		var object struct {
			Kind string
			Spec struct {
				Template struct {
					Spec struct {
						Containers []struct{ Args []string }
					}
				}
			}
		}
		if err := document.Decode(&object); err != nil {
			t.Fatal(err)
		}
		if kinds[object.Kind]++; object.Kind == "Deployment" {
			args = object.Spec.Template.Spec.Containers[0].Args
		}
	}
	if !slices.Contains(args, "--nats-replicas=3") || kinds["StatefulSet"] != 1 {
		t.Errorf("there are %v, and the arguments %q", kinds, args)
	}
	run(nil, append([]string{"config"}, args...)...)
}

// documents returns the documents of a file of YAML in deploy/cluster.
func documents(t *testing.T, name string) (all []*yaml.Node) {
	t.Helper()
	text, err := os.ReadFile(harness.RepoPath("deploy/cluster/" + name))
	if err != nil {
		t.Fatal(err)
	}
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		node := &yaml.Node{}
		if err := d.Decode(node); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, node)
	}
}
