// Package release tests the archives and packages of a release, and the completion of commands in shells.
package release

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

func TestMain(m *testing.M) { harness.Main(m, func() { os.RemoveAll(built.dir) }) }

// built is the release for this system that the tests share.
var built struct {
	once sync.Once
	dir  string
	err  error
}

// release returns the folder of a release for this system. Its source is that of the working tree, in a
// repository with a single commit.
func release(t *testing.T) string {
	t.Helper()
	harness.SkipIfShort(t)
	for _, program := range []string{"git", "dpkg-deb", "tar"} {
		harness.NeedProgram(t, program)
	}
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "release"); built.err == nil {
			built.err = build(filepath.Join(built.dir, "source"), filepath.Join(built.dir, "dist"))
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "dist")
}

// build copies the working tree into the folder source, and writes a release of it to the folder dist.
func build(source, dist string) error {
	script := `set -e
		mkdir -p "$1"
		git ls-files -z --cached --others --exclude-standard |
			while IFS= read -r -d '' name; do if [ -e "$name" ]; then printf '%s\0' "$name"; fi; done |
			tar --null --files-from=- -cf - | tar -C "$1" -xf -
		cd "$1"
		git init -q
		git add -A
		export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@example.com GIT_AUTHOR_DATE=2020-01-02T03:04:05Z
		export GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@example.com GIT_COMMITTER_DATE=2020-01-02T03:04:05Z
		git -c commit.gpgsign=false commit -qm test
		git tag v1.2.3
		go run ./cmd/partyline/internal/release -out "$2" "$3"`
	cmd := exec.Command("bash", "-c", script, "build", source, dist, runtime.GOOS+"/"+runtime.GOARCH)
	cmd.Dir = harness.RepoPath(".")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// againEnv is the environment variable without which TestSameBytes is skipped: it takes minutes.
// `make same` sets it.
const againEnv = "BUILD_TWICE"

// TestSameBytes builds a release again, in a folder with another path, with another umask, and without what
// the go command has built before. All bytes are the same.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	if os.Getenv(againEnv) == "" {
		t.Skip(againEnv + " is not set: run make same")
	}
	first := release(t)
	dir := t.TempDir()
	second := filepath.Join(dir, "dist")
	cmd := exec.Command("bash", "-c", `umask 077; exec "$0" -test.run '^TestBuildAgain$'`, os.Args[0])
	cmd.Env = append(os.Environ(), "BUILD_AGAIN="+dir, "GOCACHE="+filepath.Join(dir, "cache"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	names := 0
	for _, path := range glob(t, first, "*") {
		names++
		name := filepath.Base(path)
		if a, b := sum(t, path), sum(t, filepath.Join(second, name)); a != b {
			t.Errorf("%s: %s and %s", name, a, b)
		}
	}
	if names != 3 || len(glob(t, second, "*")) != 3 {
		t.Errorf("the releases have %d files", names)
	}
	check := exec.Command("sha256sum", "-c", "--strict", "SHA256SUMS")
	check.Dir = second
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestBuildAgain is the second build of TestSameBytes.
func TestBuildAgain(t *testing.T) {
	dir := os.Getenv("BUILD_AGAIN")
	if dir == "" {
		t.Skip("TestSameBytes runs it")
	}
	if err := build(filepath.Join(dir, "another", "folder"), filepath.Join(dir, "dist")); err != nil {
		t.Fatal(err)
	}
}

// TestArchive unpacks the archive. Its program says what it is, and the other files are there.
func TestArchive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	archive := glob(t, release(t), "*.tar.gz")[0]
	run(t, "tar", "-C", dir, "-xzf", archive)
	folder := glob(t, dir, "*")[0]
	commit := strings.TrimSpace(run(t, "git", "-C", filepath.Join(built.dir, "source"), "rev-parse", "HEAD"))
	want := fmt.Sprintf("partyline version v1.2.3 (commit %s, %s, linux/%s)\n", commit[:12], runtime.Version(), runtime.GOARCH)
	if got := run(t, filepath.Join(folder, "partyline"), "--version"); got != want {
		t.Errorf("--version prints %q, not %q", got, want)
	}
	if got := run(t, filepath.Join(folder, "partyline"), "config", "check", filepath.Join(folder, "partyline.toml")); !strings.Contains(got, "is valid") {
		t.Error(got)
	}
	for _, name := range []string{
		"README.md", "LICENSE", "CHANGELOG.md", "man/partyline.1", "man/partyline-talk.1", "docs/reference.md",
		"completion/_partyline", "completion/partyline.bash", "completion/partyline.fish", "deploy/nginx/partyline.conf",
	} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Size() == 0 || info.Mode().Perm() != 0o644 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if list := run(t, "tar", "--numeric-owner", "-tvzf", archive); strings.Count(list, " 0/0 ") != strings.Count(list, "\n") ||
		strings.Count(list, "2020-01-02") != strings.Count(list, "\n") {
		t.Errorf("owners or times are those of this machine:\n%s", list)
	}
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v, %v", pattern, paths, err)
	}
	return slices.Sorted(slices.Values(paths))
}

func sum(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(b))
}

// run returns the output of a program that must succeed.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}
