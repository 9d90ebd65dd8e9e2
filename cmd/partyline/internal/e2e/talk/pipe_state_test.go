//go:build unix

package talk

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestPipeSinceLast reads a room several times: each time all that was said since the last time, and nothing
// twice. Each nick has a position of its own.
func TestPipeSinceLast(t *testing.T) {
	s := harness.StartServer(t, nil)
	dir := t.TempDir()
	talk := func(args ...string) (messages []string) {
		t.Helper()
		p := harness.StartCommand(t, harness.Command(t, []string{"XDG_STATE_HOME=" + dir}, append([]string{"talk"}, args...)...))
		sayAll(p, "")
		expectStatus(t, p, 0, "")
		lines, _ := p.Out.Rest(t)
		for _, line := range lines {
			if line[0] != '*' {
				messages = append(messages, line)
			}
		}
		return messages
	}
	bob := harness.DialText(t, s.TCP)
	bob.Say(t, "/nick bob")
	say := func(text string) {
		t.Helper()
		bob.Say(t, text)
		harness.ExpectLine(t, bob.Out, "bob: "+text)
	}
	say("one")
	for _, step := range []struct {
		say  string
		args []string
		want []string
	}{
		{"", []string{s.TCP, "--since", "last"}, nil}, // the first visit
		{"", []string{"--since", "last"}, nil},        // the last server
		{"two", []string{"--since", "last"}, []string{"bob: two"}},
		{"", []string{"tcp://" + s.TCP, "--since", "last"}, nil},
		{"three", []string{"--nick", "web1"}, nil},
		{"four", []string{"--nick", "web1", "--since", "last"}, []string{"bob: four"}},
		{"", []string{"--since", "last"}, []string{"bob: three", "bob: four"}},
		{"", []string{"--since", "0"}, []string{"bob: one", "bob: two", "bob: three", "bob: four"}},
		{"", []string{"--since", "last", "--room", "ops"}, nil},
	} {
		if step.say != "" {
			say(step.say)
		}
		if got := talk(step.args...); !slices.Equal(got, step.want) {
			t.Errorf("talk %q printed %q, want %q", step.args, got, step.want)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "partyline", "state.json")); err != nil || info.Mode() != 0o600 {
		t.Errorf("the state: %v, %v", info, err)
	}
}

// TestPipeWithoutState talks without a place for the state: only --since last needs one.
func TestPipeWithoutState(t *testing.T) {
	s := harness.StartServer(t, nil)
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	start := func(args ...string) *harness.Process {
		p := harness.StartCommand(t, harness.Command(t, []string{"XDG_STATE_HOME=" + dir}, append([]string{"talk", s.TCP}, args...)...))
		sayAll(p, "hello\n")
		return p
	}
	expectStatus(t, start(), 0, "")
	expectStatus(t, start("--since", "last"), 1, "--since last: ")
}
