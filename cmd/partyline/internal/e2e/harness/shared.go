package harness

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"partyline/cmd/partyline/internal/app"
	"partyline/hub/hubtest/natstest"
)

// sharedEnv is an environment variable that makes the servers of tests keep their history in NATS: those of
// [StartServer], [ServeOn] and [StartProgram], unless they have --nats. Servers with the same --data have one history.
const sharedEnv = "NATS"

// OverNATS reports whether the servers of tests keep their history in NATS.
func OverNATS() bool { return os.Getenv(sharedEnv) != "" }

// NeedLocal skips a test of a history that is in the memory or on a disk of the server, if servers keep theirs in NATS.
func NeedLocal(t *testing.T) {
	t.Helper()
	if OverNATS() {
		t.Skip("the history is in NATS")
	}
}

// shared is the NATS server of the tests of a package.
var shared struct {
	once    sync.Once
	dir     string
	url     string
	stop    func()
	err     error
	streams atomic.Int64
}

// natsURL returns the URL of the NATS server, which it starts.
func natsURL(t *testing.T) string {
	t.Helper()
	shared.once.Do(func() {
		if shared.dir, shared.err = os.MkdirTemp("", "nats"); shared.err == nil {
			shared.url, shared.stop, shared.err = natstest.StartAlone(shared.dir)
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.url
}

// stopNATS stops the NATS server, if it runs.
func stopNATS() {
	if shared.stop != nil {
		shared.stop()
	}
	if shared.dir != "" {
		os.RemoveAll(shared.dir)
	}
}

// streamOf returns the name of the streams of a server with a folder, or a new name if it has none.
func streamOf(dir string) string {
	if dir == "" {
		return fmt.Sprint("test", shared.streams.Add(1))
	}
	return fmt.Sprintf("dir%.8x", sha256.Sum256([]byte(dir)))
}

// shareConfig makes a server keep its history in NATS.
func shareConfig(t *testing.T, c *app.Config) {
	if h := &c.History; len(h.NATS.URLs) == 0 {
		h.NATS.URLs, h.NATS.Stream = []string{natsURL(t)}, streamOf(h.Dir)
	}
}

// sharedArgs returns arguments that make a program keep its history in NATS.
func sharedArgs(t *testing.T, args []string) []string {
	t.Helper()
	if slices.Contains(args, "--nats") {
		return nil
	}
	dir := ""
	if i := slices.Index(args, "--data"); i >= 0 {
		dir = args[i+1]
	}
	return []string{"--nats", natsURL(t), "--nats-stream", streamOf(dir)}
}

// isReady reports whether a log line says that the history is ready.
func isReady(line string) bool { return strings.Contains(line, "history ready") }

// A readyWriter closes ready when a line says that the history is ready.
type readyWriter struct {
	io.Writer
	once  sync.Once
	ready chan struct{}
}

func (w *readyWriter) Write(line []byte) (int, error) {
	if isReady(string(line)) {
		w.once.Do(func() { close(w.ready) })
	}
	return w.Writer.Write(line)
}
