package cluster

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/hub/hubtest/natstest"
)

// doctor runs partyline doctor, and returns its exit status and its output.
func doctor(t *testing.T, args ...string) (status int, out string) {
	t.Helper()
	cmd := harness.Command(t, nil, append([]string{"doctor"}, args...)...)
	text, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || len(exit.Stderr) > 0) {
		t.Fatalf("doctor %q: %v\n%s", args, err, text)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

// expectDoctor runs partyline doctor, and checks its exit status and the states of its checks. States has a line with
// the first two words of each check, and those of other checks are ok.
func expectDoctor(t *testing.T, want int, states string, args ...string) string {
	t.Helper()
	status, out := doctor(t, args...)
	if status != want {
		t.Errorf("doctor %q exits with %d:\n%s", args, status, out)
	}
	n := 0
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "ok" && f[0] != "note" && f[0] != "WRONG" && f[0] != "-" {
			continue
		}
		n++
		if other := f[0] + " " + f[1]; f[0] != "ok" && !strings.Contains(states, other) {
			t.Errorf("doctor %q prints %q", args, line)
		}
	}
	for state := range strings.SplitSeq(states, "\n") {
		if state != "" && !strings.Contains(strings.Join(strings.Fields(out), " "), state) {
			t.Errorf("doctor %q does not print %q:\n%s", args, state, out)
		}
	}
	if n == 0 {
		t.Errorf("doctor %q prints no check:\n%s", args, out)
	}
	return out
}

// TestDoctor examines two programs that share their rooms, with a third one that does not. Nobody else may notice.
func TestDoctor(t *testing.T) {
	servers, programs := start(t, 2)
	nats := strings.Join(servers.URLs(), ",")
	other := startProgram(t, servers, "--nats-stream", "other")
	pages := []string{"http://" + programs[0].HTTP, "http://" + programs[1].HTTP}
	observer := harness.DialText(t, programs[0].TCP)
	harness.ExpectLine(t, observer.Out, harness.WelcomeLine)

	out := expectDoctor(t, 0, "", append([]string{"--nats", nats}, pages...)...)
	if n := strings.Count(out, "\nok "); n != 16 {
		t.Errorf("%d checks are ok:\n%s", n, out)
	}
	expectDoctor(t, 1, "WRONG messages\nWRONG members\nWRONG names", "--timeout", "3s", pages[0], "http://"+other.HTTP)
	expectDoctor(t, 1, "WRONG partitions", "--nats", nats, "--nats-partitions", "3")
	expectDoctor(t, 1, "WRONG replicas", "--nats", nats, "--nats-replicas", "3")

	observer.Say(t, "the end")
	harness.ExpectLine(t, observer.Out, ".*the end")
	if n := observer.Out.Count(func(string) bool { return true }); n != 2 { // the welcome, and the end
		t.Errorf("a member noticed:\n%s", observer.Out)
	}
}

// TestDoctorStarting examines programs without NATS, and nothing at all.
func TestDoctorStarting(t *testing.T) {
	servers := natstest.New(t, 1, "")
	nats := strings.Join(servers.URLs(), ",")
	p := harness.StartProgram(t, flags(servers)...)
	nobody := "http://" + harness.FreeAddr(t)
	out := expectDoctor(t, 1, "WRONG servers\n- messages", "--timeout", "1s", "http://"+p.HTTP, nobody)
	if !strings.Contains(out, "the server is starting") {
		t.Errorf("it does not say why:\n%s", out)
	}
	expectDoctor(t, 3, "WRONG nats", "--nats", nats)
	expectDoctor(t, 3, "WRONG servers\n- messages", nobody, nobody)
}

// TestDoctorUsage gives doctor wrong arguments.
func TestDoctorUsage(t *testing.T) {
	for _, args := range [][]string{
		{}, {"--nats", "http://a"}, {"--connect", "127.0.0.1:1", "a.example", "b.example"}, {"--nats", "nats://127.0.0.1:1", "--tcp", "127.0.0.1:1"}, {"a b"},
	} {
		cmd := harness.Command(t, nil, append([]string{"doctor"}, args...)...)
		if err := cmd.Run(); cmd.ProcessState.ExitCode() != 2 {
			t.Errorf("%q: %v", args, err)
		}
	}
	cmd := harness.Command(t, nil, "doctor", "--nats", "nats://127.0.0.1:1", "--nats-ca", "/missing/ca.pem")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "/missing/ca.pem") {
		t.Errorf("a missing file: %v\n%s", err, out)
	}
}
