//go:build unix

package service

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// units are the files of systemd, and the names of the sockets in those that have one.
var units = map[string]string{"partyline.service": "", "partyline-chat.socket": "chat", "partyline-web.socket": "web"}

// readUnit returns a file of deploy/systemd, with continued lines joined.
func readUnit(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(harness.RepoPath("deploy/systemd/" + name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\\\n", "")
}

// setting returns the value of a setting that a unit has once.
func setting(t *testing.T, unit, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^`+name+`=(.*)$`).FindAllStringSubmatch(unit, -1)
	if len(found) != 1 {
		t.Fatalf("%s occurs %d times", name, len(found))
	}
	return found[0][1]
}

// TestUnits has systemd check the units, which must leave the service little that it may do.
func TestUnits(t *testing.T) {
	t.Parallel()
	analyze := harness.NeedProgram(t, "systemd-analyze")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	verify := []string{"verify", "--man=no"}
	for name := range units {
		// systemd wants the program to exist.
		text := strings.ReplaceAll(readUnit(t, name), "/usr/local/bin/partyline", self)
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		verify = append(verify, path)
	}
	for _, args := range [][]string{verify, {"security", "--no-pager", "--offline=true", "--threshold=20", filepath.Join(dir, "partyline.service")}} {
		cmd := exec.Command(analyze, args...)
		cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
		out, err := cmd.CombinedOutput()
		if err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
	}
}

// TestServiceCommand starts the program with the command, the settings and the sockets of the units.
func TestServiceCommand(t *testing.T) {
	t.Parallel()
	service := readUnit(t, "partyline.service")
	var sockets []*os.File
	var names, files []string
	for file, name := range units {
		if name == "" {
			continue
		}
		unit := readUnit(t, file)
		if got := setting(t, unit, "FileDescriptorName"); got != name {
			t.Errorf("%s: the name is %s", file, got)
		}
		if got := setting(t, unit, "Service"); got != "partyline.service" {
			t.Errorf("%s: the service is %s", file, got)
		}
		socket, _ := harness.SocketFile(t, "tcp", "127.0.0.1:0")
		sockets, names, files = append(sockets, socket), append(names, name), append(files, file)
	}
	inherited := strings.Fields(setting(t, service, "Sockets"))
	slices.Sort(inherited)
	if slices.Sort(files); !slices.Equal(inherited, files) {
		t.Errorf("the service inherits %q, not %q", inherited, files)
	}

	data := t.TempDir()
	args := strings.Fields(strings.NewReplacer(
		"/etc/partyline/partyline.toml", harness.RepoPath("deploy/systemd/partyline.toml"),
		"/var/lib/partyline", data,
	).Replace(setting(t, service, "ExecStart")))
	if args[0] != "/usr/local/bin/partyline" || setting(t, service, "StateDirectory") != "partyline" {
		t.Errorf("the command is %q", args)
	}
	p := harness.StartCommand(t, harness.Activated(t, strings.Join(names, ":"), sockets, append(args[1:], "--admin", "127.0.0.1:0")...))
	chat := harness.ExpectLine(t, p.Err, harness.TCPListening)[0]
	harness.ExpectLine(t, p.Err, harness.HTTPListening)
	harness.SayNumbered(t, netcat(t, chat), "line", 1)
	if _, err := os.Stat(filepath.Join(data, "partyline.db")); err != nil {
		t.Error(err)
	}
	(&harness.Program{Process: p}).Stop(t)
}

// netcat connects to an address, and returns the process when it has the welcome.
func netcat(t *testing.T, addr string) *harness.Process {
	t.Helper()
	nc, _ := harness.Netcat(t, addr)
	return nc
}
