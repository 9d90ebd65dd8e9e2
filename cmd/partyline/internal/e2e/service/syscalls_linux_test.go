package service

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestSystemCalls runs the program as it is installed, with all that it can do, and checks that
// partyline.service allows each of its system calls.
func TestSystemCalls(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	strace, analyze := harness.NeedProgram(t, "strace"), harness.NeedProgram(t, "systemd-analyze")
	dir := t.TempDir()
	program, trace := filepath.Join(dir, "partyline"), filepath.Join(dir, "trace")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", program, "partyline/cmd/partyline")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := &harness.Program{Process: harness.Start(t, strace, "-f", "-qq", "-e", "signal=none", "-o", trace, "sh", "-c", `echo $$; exec "$@"`, "sh",
		program, "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data", dir+"/data")}
	pid := harness.ExpectLine(t, p.Out, `(\d+)`)[0]
	chat := harness.ExpectLine(t, p.Err, harness.TCPListening)[0]
	web := harness.ExpectLine(t, p.Err, harness.HTTPListening)[0]
	admin := harness.ExpectLine(t, p.Err, `.*msg=listening admin=(\S+)`)[0]
	nc := netcat(t, chat)
	bot := harness.DialBot(t, "ws://"+web+"/ws")
	bot.Say(t, "k", "hello")
	harness.ExpectLine(t, nc.Out, ".*: hello")
	nc.Say(t, "/search hello")
	harness.ExpectLine(t, nc.Out, ".*hello.*")
	for _, path := range []string{"/metrics", "/readyz", "/debug/pprof/heap"} {
		if err := get("http://" + admin + path); err != nil {
			t.Error(err)
		}
	}
	var number int
	fmt.Sscan(pid, &number)
	if err := syscall.Kill(number, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.ExitCode(t, harness.Patience); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.Err)
	}

	allowed := allowedCalls(t, analyze, readUnit(t, "partyline.service"))
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	started := false // sh has started the program
	used := make(map[string]bool)
	for line := range strings.Lines(string(text)) {
		started = started || strings.Contains(line, "execve(") && strings.Contains(line, program)
		if call := regexp.MustCompile(`^\d+ +(\w+)\(`).FindStringSubmatch(line); started && call != nil {
			used[call[1]] = true
		}
	}
	if os.Geteuid() == 0 {
		delete(used, "fchown") // SQLite uses it if it runs as root
	}
	for call := range used {
		if !allowed[call] {
			t.Errorf("partyline.service does not allow %s", call)
		}
	}
	if len(used) < 20 {
		t.Errorf("the trace has only %v", used)
	}
	if regexp.MustCompile(`PROT_WRITE\|PROT_EXEC`).Match(text) {
		t.Error("MemoryDenyWriteExecute does not allow memory that can be written and executed")
	}
}

// allowedCalls returns the system calls that the filters of a unit allow.
func allowedCalls(t *testing.T, analyze, unit string) map[string]bool {
	t.Helper()
	out, err := exec.Command(analyze, "syscall-filter", "--no-pager").Output()
	if err != nil {
		t.Fatal(err)
	}
	sets := make(map[string][]string)
	name := ""
	for line := range strings.Lines(string(out)) {
		switch word := strings.TrimSpace(line); {
		case strings.HasPrefix(line, "@"):
			name = word
		case word == "":
			name = ""
		case name != "" && !strings.HasPrefix(word, "#"):
			sets[name] = append(sets[name], word)
		}
	}
	allowed := make(map[string]bool)
	var set func(name string, to bool)
	set = func(name string, to bool) {
		if !strings.HasPrefix(name, "@") {
			allowed[name] = to
			return
		}
		if sets[name] == nil {
			t.Fatalf("there is no set %s", name)
		}
		for _, member := range sets[name] {
			set(member, to)
		}
	}
	for _, filter := range regexp.MustCompile(`(?m)^SystemCallFilter=(~?)(.*)$`).FindAllStringSubmatch(unit, -1) {
		for _, name := range strings.Fields(filter[2]) {
			set(name, filter[1] == "")
		}
	}
	return allowed
}
