package history

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestExport exports the history of a busy server with the commands in docs/history.md, and imports it into a new
// folder. A client that resumes on a server there receives exactly what it missed.
func TestExport(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	dir, restored := t.TempDir(), filepath.Join(t.TempDir(), "restored")
	export := filepath.Join(t.TempDir(), "history.jsonl")
	args := []string{"--history", "1000000", "--rate", "0", "--data"}
	p := harness.StartProgram(t, append(args, dir)...)
	senders := newSenders(4)
	running := startSenders(t, p, senders)
	scripts := documented(t, "\n## Export and import\n", map[string]string{
		"/var/lib/partyline.restored": restored, "/var/backups/history.jsonl": export, "/var/lib/partyline": dir,
	})
	before, _ := running.during(t, p, func() { runScript(t, scripts[0]) })
	runScript(t, scripts[1])

	log, copied := onDisk(t, dir, "lobby"), onDisk(t, restored, "lobby")
	checkStored(t, log, senders)
	checkCopied(t, before, copied, log)
	newest := log[len(log)-1]
	p = harness.StartProgram(t, append(args, restored)...)
	missed := copied[len(copied)-50:]
	b := harness.DialBot(t, fmt.Sprintf("ws://%s/ws?since=%d", p.HTTP, missed[0].ID-1))
	gap := b.ExpectType(t, "gap") // the server may have assigned ids after the export
	if gap.After != copied[len(copied)-1].ID || !gap.Lost {
		t.Errorf("got %+v after %v", gap, copied[len(copied)-1])
	}
	if got := b.Messages(); !slices.Equal(got, missed) {
		t.Errorf("the client that resumes receives %v, want %v", got, missed)
	}
	if e := b.Say(t, senders[0].key(0), "again"); e.ID != senders[0].acked[0] {
		t.Errorf("the message with id %d, sent again, has id %d", senders[0].acked[0], e.ID)
	}
	if e := b.Say(t, "k", "new"); e.ID <= newest.ID {
		t.Errorf("a new message has id %d, which the old server assigned: its newest id is %d", e.ID, newest.ID)
	}
	p.Stop(t)
	t.Logf("the copy has %d of %d messages", len(copied), len(log))
}

// documented returns the scripts of a section of docs/history.md, with other paths. Longer paths must not contain
// shorter ones that are replaced by something else.
func documented(t *testing.T, section string, paths map[string]string) (scripts []string) {
	t.Helper()
	docs, err := os.ReadFile(harness.RepoPath("docs/history.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(docs), section)
	text, _, _ = strings.Cut(text, "\n## ")
	ordered := make([]string, 0, 2*len(paths))
	for path := range paths {
		ordered = append(ordered, path)
	}
	slices.SortFunc(ordered, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, path := range ordered {
		if !strings.Contains(text, path) {
			t.Fatalf("docs/history.md does not have %s in %s", path, section)
		}
		pairs = append(pairs, path, paths[path])
	}
	for _, match := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		scripts = append(scripts, strings.NewReplacer(pairs...).Replace(match[1]))
	}
	return scripts
}

// runScript runs a script in which partyline is the program.
func runScript(t *testing.T, script string) {
	t.Helper()
	bin := t.TempDir()
	program := harness.Command(t, nil)
	if err := os.Symlink(program.Path, filepath.Join(bin, "partyline")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	defer cancel()
	sh := exec.CommandContext(ctx, "sh", "-ec", script)
	sh.Env = append(program.Env, "PATH="+bin+":"+os.Getenv("PATH"))
	if out, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s\n%s", err, out, script)
	}
}

// tool runs partyline history with an input, and returns its exit status and what it prints.
func tool(t *testing.T, input string, args ...string) (status int, output, errs string) {
	t.Helper()
	cmd := harness.Command(t, nil, append([]string{"history"}, args...)...)
	var out, e bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &e
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), e.String()
}

// TestHistoryTools runs the commands of partyline history as a user does, right and wrong.
func TestHistoryTools(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	p, _ := startWithMessages(t, dir, 20)
	status, lines, errs := tool(t, "", "export", "--data", dir)
	if status != 0 || strings.Count(lines, `"type":"message"`) != 20 || !strings.Contains(errs, "messages: 20 exported") {
		t.Fatalf("export: %d, %s%s", status, lines, errs)
	}
	malformed := strings.Replace(lines, "\n", "\n{\n", 3)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err == nil {
		defer full.Close()
		cmd := harness.Command(t, nil, "history", "export", "--data", dir)
		var e bytes.Buffer
		cmd.Stdout, cmd.Stderr = full, &e
		if err := cmd.Run(); err == nil || !strings.Contains(e.String(), "not complete: ") {
			t.Errorf("export to a full disk: %v, %s", err, &e)
		}
	}
	for _, c := range []struct {
		input  string
		args   []string
		status int
		want   string // in the output or the errors
	}{
		{"", []string{"verify", "--data", dir}, 0, "^no problems\n$"},
		{"", []string{"import", "--data", dir}, 1, "is in use by another partyline"},
		{"", []string{"vacuum", "--data", dir}, 1, "is in use by another partyline"},
		{malformed, []string{"import", "--data", other}, 1, `messages: 1 added(?s:.*)line 2: .*; what was added stays`},
		{lines[:len(lines)-30], []string{"import", "--data", other}, 1, "not a line of an export"},
		{lines[:strings.LastIndex(lines[:len(lines)-1], "\n")+1], []string{"import", "--data", other}, 1, "cut off"},
		{lines, []string{"import", "--data", other}, 0, "messages: 0 added, 20 were there"},
		{"", []string{"vacuum", "--data", other}, 0, "bytes .* before, .* after\n$"},
		{"", []string{"vacuum", "--data", other, "--history", "5"}, 0, "after"},
		{"", []string{"export", "--data", other}, 0, "messages: 5 exported"},
		{"", []string{"export", "--data", other, "--room", "nowhere"}, 1, `no room "nowhere"`},
		{"", []string{"export", "--data", t.TempDir()}, 1, "there is no history"},
		{"", []string{"export"}, 2, "--data or --nats is missing"},
		{"", []string{"vacuum"}, 2, "--data is missing"},
		{"", []string{"verify", "--data", dir, "--nats", "nats://127.0.0.1:1"}, 2, "both given"},
		{"", []string{"export", "--nats", "nats://127.0.0.1:1", "--since", "5"}, 2, "give --data"},
		{"", []string{"export", "--dat", dir}, 2, "did you mean --data"},
		{"", []string{"verify", "--data", dir, "more"}, 2, "more"},
		{"", []string{"exprot"}, 2, `unknown command "exprot"`},
		{"", nil, 2, "needs a command"},
	} {
		status, output, errs := tool(t, c.input, c.args...)
		if all := output + errs; status != c.status || !regexp.MustCompile(c.want).MatchString(all) || strings.Count(errs, "\n") > 2 {
			t.Errorf("history %v: status %d, want %d; it prints\n%s\nwant %s", c.args, status, c.status, all, c.want)
		}
	}
	p.Stop(t)
}

// TestExportUnread exports to a pipe that nobody reads. The program says nothing, and does not report success.
func TestExportUnread(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, _ := startWithMessages(t, dir, 5)
	p.Stop(t)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	reader.Close()
	cmd := harness.Command(t, nil, "history", "export", "--data", dir)
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = writer, &errs
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 1 || errs.Len() > 0 {
		t.Errorf("%v; it prints %q", err, &errs)
	}
}

// TestImportInterrupted interrupts and kills imports. The history is valid, and running the import again
// completes it.
func TestImportInterrupted(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	const messages = 12_000
	var b strings.Builder
	for i := range messages {
		fmt.Fprintf(&b, `{"type":"message","seq":%d,"room":"lobby","id":%d,"at":"2026-01-02T03:04:05.678Z","from":"a","via":"tcp","text":"text %d","key":"k%d"}`+"\n", i+1, i+101, i, i)
	}
	fmt.Fprintf(&b, `{"type":"room","room":"lobby","base":100,"last":%d}`+"\n"+`{"type":"end","seq":%d,"floor":100}`+"\n", messages+100, messages)
	lines := b.String()
	for name, signal := range map[string]syscall.Signal{"interrupt": syscall.SIGINT, "kill": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd := harness.Command(t, nil, "history", "import", "--data", dir)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			var errs bytes.Buffer
			cmd.Stderr = &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill()
			if _, err := in.Write([]byte(lines[:len(lines)/2])); err != nil { // it has read all but the size of a pipe
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			err = cmd.Wait()
			if signal == syscall.SIGINT && (cmd.ProcessState.ExitCode() != 1 || !strings.Contains(errs.String(), "interrupted; what was added stays")) {
				t.Errorf("%v: %s", err, &errs)
			}
			if status, out, errs := tool(t, "", "verify", "--data", dir); status != 0 {
				t.Errorf("verify: %d, %s%s", status, out, errs)
			}
			status, _, after := tool(t, lines, "import", "--data", dir)
			if status != 0 || !strings.Contains(after, "were there") || strings.Contains(after, " 0 were there") {
				t.Errorf("import again: %d, %s", status, after)
			}
			if _, got, _ := tool(t, "", "export", "--data", dir); got != lines {
				t.Errorf("the export has %d bytes, not %d", len(got), len(lines))
			}
		})
	}
}
