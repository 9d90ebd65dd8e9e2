package service

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// maxImage is the largest size of the image in bytes.
const maxImage = 20_000_000

// TestImage builds the image of the Dockerfile, and runs it as its user: it is healthy, serves netcat,
// keeps its history in the folder that is for a volume, and ends in time at SIGTERM.
func TestImage(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	b := newBuilder(t)
	b.makeBase(t)
	b.run(t, slices.Concat([]string{"build", "--format", "docker", "--isolation", "chroot", "--pull-never", "--network", "host", "--tag", "partyline"},
		b.mounts(t), []string{"--file", "Dockerfile", "."})...)
	var image struct {
		Docker struct {
			Config struct {
				User                  string
				Env, Entrypoint, Cmd  []string
				ExposedPorts, Volumes map[string]any
				Healthcheck           struct{ Test []string }
			} `json:"config"`
		}
	}
	if err := json.Unmarshal([]byte(b.run(t, "inspect", "--type", "image", "partyline")), &image); err != nil {
		t.Fatal(err)
	}
	config := image.Docker.Config
	if config.User != "65532:65532" || !slices.Equal(config.Healthcheck.Test, []string{"CMD", "/partyline", "health"}) || len(config.ExposedPorts) != 2 {
		t.Errorf("the configuration of the image is %+v", config)
	}
	root := b.run(t, "mount", b.run(t, "from", "--pull-never", "partyline"))
	size := int64(0)
	filepath.WalkDir(root, func(_ string, d fs.DirEntry, err error) error {
		info, err2 := d.Info()
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	if t.Logf("%.1f MB", float64(size)/1e6); size > maxImage {
		t.Errorf("the image has %d bytes, more than %d", size, maxImage)
	}

	web := harness.FreeAddr(t)
	inside := func(args ...string) *harness.Process {
		cmd := &exec.Cmd{
			Path: config.Entrypoint[0], Args: append(config.Entrypoint, args...), Dir: "/",
			Env:         append(config.Env, "PARTYLINE_TCP=127.0.0.1:0", "PARTYLINE_HTTP="+web, "PARTYLINE_DATA=/var/lib/partyline"), // as with docker run --env
			SysProcAttr: &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}},
		}
		return harness.StartCommand(t, cmd)
	}
	p := inside()
	nc := netcat(t, harness.ExpectLine(t, p.Err, harness.TCPListening)[0])
	harness.SayNumbered(t, nc, "line", 1)
	if health := inside("health"); health.ExitCode(t, harness.Patience) != 0 {
		t.Errorf("it is not healthy: %s", health.Err)
	}
	if _, err := os.Stat(filepath.Join(root, "/var/lib/partyline/partyline.db")); err != nil {
		t.Error(err)
	}
	begin := time.Now()
	p.Signal(t, syscall.SIGTERM)
	if code := p.ExitCode(t, 5*time.Second+harness.Slack); code != 0 {
		t.Errorf("exit code %d", code)
	}
	t.Logf("it ended after %v", time.Since(begin).Round(time.Millisecond))
}

// A builder runs buildah, with storage of its own.
type builder struct {
	path, dir string
	options   []string
}

func newBuilder(t *testing.T) *builder {
	t.Helper()
	path := harness.NeedProgram(t, "buildah")
	if os.Geteuid() != 0 {
		harness.Missing(t, "the right to build an image (root)")
	}
	dir := harness.PublicFolder(t)
	return &builder{path, dir, []string{"--root", dir + "/root", "--runroot", dir + "/run", "--storage-driver", "vfs"}}
}

// run runs a command of buildah in the repository, and returns what it prints.
func (b *builder) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(b.path, append(b.options, args...)...)
	cmd.Dir = harness.RepoPath("")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("buildah %s: %v\n%s%s", strings.Join(args, " "), err, out, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// makeBase makes an image with a shell, in place of the one with Go that the Dockerfile names. Go itself is mounted.
func (b *builder) makeBase(t *testing.T) {
	t.Helper()
	dockerfile, err := os.ReadFile(harness.RepoPath("Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`(?m)^ARG GO_IMAGE=(\S+)$`).FindSubmatch(dockerfile)[1]
	busybox := harness.NeedProgram(t, "busybox")
	container := b.run(t, "from", "scratch")
	root := b.run(t, "mount", container)
	libraries, _ := exec.Command("ldd", busybox).Output() // none if it is static
	for _, file := range append(regexp.MustCompile(`/\S+`).FindAllString(string(libraries), -1), busybox) {
		to := filepath.Join(root, file)
		if file == busybox {
			to = filepath.Join(root, "/bin/busybox")
		}
		data, err := os.ReadFile(file)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o755)
		}
		if err == nil {
			err = os.WriteFile(to, data, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, applet := range []string{"sh", "mkdir"} {
		if err := os.Symlink("busybox", filepath.Join(root, "bin", applet)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "tmp"), 0o777); err != nil {
		t.Fatal(err)
	}
	b.run(t, "config", "--env", "PATH=/usr/local/go/bin:/bin", "--env", "HOME=/root", "--env", "GOPATH=/go", "--env", "GOTOOLCHAIN=local",
		"--env", "GOPROXY="+goEnv(t, "GOPROXY"), "--env", "GOCACHE=/cache", container)
	b.run(t, "commit", container, "docker.io/library/"+string(name))
}

// mounts returns the options that mount Go, its modules and its cache from this machine.
func (b *builder) mounts(t *testing.T) (options []string) {
	t.Helper()
	for from, to := range map[string]string{
		goEnv(t, "GOROOT"): "/usr/local/go:ro", goEnv(t, "GOMODCACHE"): "/go/pkg/mod", goEnv(t, "GOCACHE"): "/cache",
		"/etc/ssl/certs": "/etc/ssl/certs:ro",
	} {
		if _, err := os.Stat(from); err == nil {
			options = append(options, "--volume", from+":"+to)
		}
	}
	return options
}

// goEnv returns a setting of the go command.
func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
