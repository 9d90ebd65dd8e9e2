package cluster

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/hub/hubtest/natstest"
)

// TestMove moves the history of a server to NATS, and back to a folder, with the commands in docs/cluster.md. Members talk
// before, between and after. The first import is killed, and a server waits until it is complete.
func TestMove(t *testing.T) {
	servers := natstest.Start(t, 1, "")
	before, after := t.TempDir(), t.TempDir()
	docs, err := os.ReadFile(harness.RepoPath("docs/cluster.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile(`(?m)^partyline history export (.*) \| partyline history import (.*)$`).FindAllStringSubmatch(string(docs), -1)
	if len(commands) != 2 {
		t.Fatalf("docs/cluster.md has %q", commands)
	}
	paths := strings.NewReplacer("/var/lib/partyline.alone", after, "/var/lib/partyline", before, "nats://127.0.0.1:4222", servers.URLs()[0])
	export := func(n int) string { return run(t, "", "export "+paths.Replace(commands[n][1])) }
	importInto := "import " + paths.Replace(commands[0][2])

	var acked []harness.Event
	said := 0
	talk := func(p *harness.Program) {
		t.Helper()
		bot := harness.DialBot(t, "ws://"+p.HTTP+"/ws?nick=bot")
		for range 20 {
			e := bot.Say(t, fmt.Sprint("key ", said), fmt.Sprint("text ", said))
			if e.Type != "ack" || len(acked) > 0 && e.ID <= acked[len(acked)-1].ID {
				t.Fatalf("message %d got %+v", said, e)
			}
			acked = append(acked, e)
			said++
		}
	}
	resume := func(p *harness.Program) {
		t.Helper()
		seen := len(acked) - 5
		bot := harness.DialBot(t, fmt.Sprintf("ws://%s/ws?since=%d", p.HTTP, acked[seen].ID))
		if e := bot.Say(t, acked[seen].Key, "again"); e.ID != acked[seen].ID {
			t.Errorf("the message with id %d, sent again, got %+v", acked[seen].ID, e)
		}
		for i, m := range bot.Messages() {
			if want := acked[seen+1+i]; m.ID != want.ID || m.Text != "text "+strings.TrimPrefix(want.Key, "key ") {
				t.Errorf("after a resume: %+v, want id %d of %s", m, want.ID, want.Key)
			}
		}
		if n := len(bot.Messages()); n != 4 {
			t.Errorf("after a resume: %d messages", n)
		}
		if n := bot.Out.Count(func(e harness.Event) bool { return e.Type == "gap" }); n > 0 {
			t.Error("after a resume: a gap")
		}
	}

	p := harness.StartProgram(t, "--data", before)
	talk(p)
	p.Stop(t)
	lines := export(0)

	killed := harness.Command(t, nil, append([]string{"history"}, strings.Fields(importInto)...)...)
	in, err := killed.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	defer killed.Process.Kill()
	if _, err := in.Write([]byte(lines[:len(lines)/2])); err != nil {
		t.Fatal(err)
	}
	if !harness.Eventually(func() bool { // all streams are there
		_, err := servers.JetStream().Stream(t.Context(), "partyline-3")
		return err == nil
	}) {
		t.Fatal("there are no streams")
	}
	killed.Process.Kill()
	killed.Wait()
	p = harness.StartProgram(t, flags(servers)...)
	if !harness.Eventually(func() bool {
		return p.Err.Count(func(s string) bool { return strings.Contains(s, "the import into stream partyline-3 is not complete") }) > 0
	}) {
		t.Fatalf("the server does not report the import:\n%s", p.Err)
	}
	if out := run(t, lines, importInto); !strings.Contains(out, "were there") {
		t.Errorf("import prints %q", out)
	}
	if !harness.Eventually(func() bool {
		_, response, err := harness.DialWebSocket(t, "ws://"+p.HTTP+"/ws", nil)
		return err == nil || response == nil || response.StatusCode != 503
	}) {
		t.Fatalf("no client is admitted:\n%s", p.Err)
	}
	open := strings.Replace(lines, `"type":"end"`, `"type":"end","open":true`, 1)
	if out := run(t, open, importInto+" --nats-stream other"); !strings.Contains(out, "what was said since then is not imported") {
		t.Errorf("import of an export that was made during the use prints %q", out)
	}
	resume(p)
	talk(p)
	resume(p)
	p.Stop(t)
	if out := run(t, "", "verify --nats "+servers.URLs()[0]); out != "no problems\n" {
		t.Errorf("verify prints %q", out)
	}

	lines = export(1)
	run(t, lines, "import "+paths.Replace(commands[1][2]))
	if out := run(t, "", "verify --data "+after); out != "no problems\n" {
		t.Errorf("verify prints %q", out)
	}
	p = harness.StartProgram(t, "--data", after)
	resume(p)
	talk(p)
	resume(p)
	p.Stop(t)
}

// run runs partyline history, which must succeed, and returns what it prints, or the errors if it prints nothing.
func run(t *testing.T, input, args string) string {
	t.Helper()
	cmd := harness.Command(t, nil, append([]string{"history"}, strings.Fields(args)...)...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("history %s: %v\n%s", args, err, &errs)
	}
	if out.Len() == 0 {
		return errs.String()
	}
	return out.String()
}
