//go:build linux

package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Process is a server that was started to be measured.
type Process struct {
	TCP, HTTP string // the addresses of its listeners

	cmd    *exec.Cmd
	exited chan struct{}
	last   []byte // the last line of the log that was read
}

// startTimeout bounds the time until a server listens.
const startTimeout = 10 * time.Second

// Start starts a server as a process and waits until it listens. The server logs JSON to
// standard error: two entries with the addresses, as tcp and http.
func Start(ctx context.Context, cmd *exec.Cmd) (*Process, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = w
	// A process group of its own: Ctrl-C at a terminal does not reach the server.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, err
	}
	p := &Process{cmd: cmd, exited: make(chan struct{})}
	listening := make(chan addresses, 1)
	go p.readLog(r, listening)
	timeout := time.NewTimer(startTimeout)
	defer timeout.Stop()
	select {
	case a := <-listening:
		p.TCP, p.HTTP = a.TCP, a.HTTP
		return p, nil
	case <-p.exited:
		return nil, fmt.Errorf("the server exited at its start: %s", p.last)
	case <-timeout.C:
		p.Stop()
		return nil, fmt.Errorf("the server does not listen after %v: %s", startTimeout, p.last)
	case <-ctx.Done():
		p.Stop()
		return nil, context.Cause(ctx)
	}
}

// addresses are those of a server's listeners.
type addresses struct{ TCP, HTTP string }

// readLog reads the server's log until it ends. It sends the addresses once it has both.
func (p *Process) readLog(r *os.File, listening chan<- addresses) {
	defer close(p.exited)
	defer r.Close()
	log := bufio.NewReader(r)
	var a addresses
	for a.TCP == "" || a.HTTP == "" {
		line, err := log.ReadSlice('\n')
		if err != nil {
			p.cmd.Wait()
			return
		}
		p.last = bytes.Clone(bytes.TrimSpace(line))
		json.Unmarshal(line, &a)
	}
	listening <- a
	io.Copy(io.Discard, log)
	p.cmd.Wait()
}

// Stop kills the server and waits until it has exited.
func (p *Process) Stop() {
	p.cmd.Process.Kill()
	<-p.exited
}

// cpu returns the CPU time of the process, in ns.
func (p *Process) cpu() (time.Duration, error) {
	var t unix.Timespec
	clock := int32(^p.cmd.Process.Pid<<3 | 2) // CPUCLOCK_SCHED of the process: clock_getcpuclockid(3)
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0, os.NewSyscallError("clock_gettime", err)
	}
	return time.Duration(t.Nano()), nil
}

// resident returns the resident memory of the process in bytes, now and at its peak.
func (p *Process) resident() (now, peak int64, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "VmRSS":
			now = kib << 10
		case "VmHWM":
			peak = kib << 10
		}
	}
	return now, peak, nil
}

// resetPeak sets the peak to the memory in use, if the system permits that.
func (p *Process) resetPeak() {
	os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0)
}
