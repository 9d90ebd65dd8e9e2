package operate

import (
	"io"
	"os"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestLogReaderGone closes the reader of the program's log. The program continues.
func TestLogReaderGone(t *testing.T) {
	t.Parallel()
	cmd := harness.Command(t, nil, "--tcp", "127.0.0.1:0", "--http", "")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = w
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-exited
	})
	go func() {
		io.Copy(io.Discard, out)
		cmd.Wait()
		close(exited)
	}()
	w.Close()
	log := harness.NewFeed[string]()
	go harness.ReadLines(r, log)
	addr := harness.ExpectLine(t, log, harness.TCPListening)[0]
	r.Close()
	for range 3 { // each join is logged
		c := harness.DialText(t, addr)
		harness.ExpectLine(t, c.Out, harness.WelcomeLine)
		c.Say(t, "hello")
		harness.ExpectLine(t, c.Out, `\S+: hello`)
	}
	select {
	case <-exited:
		t.Error("the program ended when the reader of its log was closed")
	default:
	}
}
