package release

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestDeb installs the package in a system that has only a shell, starts the server there, talks to it
// with netcat, and removes the package.
func TestDeb(t *testing.T) {
	t.Parallel()
	deb := glob(t, release(t), "*.deb")[0]
	if os.Geteuid() != 0 {
		harness.Missing(t, "root")
	}
	netcat := harness.NeedProgram(t, "nc")
	root := newRoot(t)
	dpkg(t, root, "--install", deb)

	for _, name := range []string{
		"usr/bin/partyline", "etc/partyline/partyline.toml", "usr/share/man/man1/partyline.1.gz", "usr/share/doc/partyline/copyright",
		"usr/share/bash-completion/completions/partyline", "usr/share/zsh/vendor-completions/_partyline",
		"usr/share/fish/vendor_completions.d/partyline.fish",
		"usr/lib/systemd/system/partyline.service", "usr/lib/systemd/system/partyline-chat.socket", "usr/lib/systemd/system/partyline-web.socket",
	} {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Error(err)
		}
	}
	unit, err := os.ReadFile(filepath.Join(root, "usr/lib/systemd/system/partyline.service"))
	if err != nil || !strings.Contains(string(unit), "\nExecStart=/usr/bin/partyline --config /etc/partyline/partyline.toml ") {
		t.Errorf("the unit is %s, %v", unit, err)
	}
	p := harness.Start(t, "chroot", root, "/usr/bin/partyline", "--config", "/etc/partyline/partyline.toml",
		"--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data", "/history")
	address := harness.ExpectLine(t, p.Err, harness.TCPListening)[0]
	host, port, _ := strings.Cut(address, ":")
	out, err := exec.Command("sh", "-c", "echo hello | "+netcat+" -N "+host+" "+port).Output()
	if err != nil || !strings.Contains(string(out), "You are guest-") || !strings.Contains(string(out), ": hello\n") {
		t.Errorf("netcat prints %q, %v", out, err)
	}
	harness.ExpectLine(t, p.Err, ".*msg=\"member left\".*")

	config := filepath.Join(root, "etc/partyline/partyline.toml")
	if err := os.WriteFile(config, []byte("rate = 20\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	dpkg(t, root, "--install", "--force-confold", deb) // again, as an upgrade does
	if text, err := os.ReadFile(config); string(text) != "rate = 20\n" {
		t.Errorf("after an upgrade the file has %q, %v", text, err)
	}
	dpkg(t, root, "--remove", "partyline")
	if _, err := os.Stat(config); err != nil {
		t.Errorf("--remove removes the settings: %v", err)
	}
	dpkg(t, root, "--purge", "partyline")
	for _, name := range []string{"usr/bin/partyline", "etc/partyline", "usr/share/doc/partyline"} {
		if _, err := os.Stat(filepath.Join(root, name)); !os.IsNotExist(err) {
			t.Errorf("--purge leaves %s: %v", name, err)
		}
	}
}

// newRoot returns the root folder of a system that has a shell, for the scripts of packages, and
// nothing else.
func newRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	script := `set -e
		mkdir -p "$1/bin" "$1/tmp" "$1/var/lib/dpkg/info" "$1/var/lib/dpkg/updates"
		: >"$1/var/lib/dpkg/status"
		cp -L /bin/sh "$1/bin/sh"
		ldd /bin/sh | grep -o '/[^ ]*' | while read -r library; do
			mkdir -p "$1$(dirname "$library")"
			cp -L "$library" "$1$library"
		done
		chroot "$1" /bin/sh -c true`
	if out, err := exec.Command("sh", "-c", script, "root", root).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return root
}

// dpkg runs dpkg for the system at root.
func dpkg(t *testing.T, root string, args ...string) {
	t.Helper()
	cmd := exec.Command("dpkg", append([]string{"--root=" + root, "--log=/dev/null", "--force-unsafe-io"}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin", "LC_ALL=C")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("dpkg %s: %v\n%s", args[0], err, out)
	}
}
