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
	TCP, HTTP string // where it listens

	cmd    *exec.Cmd
	exited chan struct{}
	last   []byte // of what it said
}

// startTime is how long a server may take to open its doors.
const startTime = 10 * time.Second

// Start starts a server as a process of its own and waits for its doors. Its log, JSON on
// standard error, names them.
func Start(ctx context.Context, cmd *exec.Cmd) (*Process, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = w
	// A terminal's Ctrl-C is for who measures alone.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = cmd.Start()
	w.Close()
	if err != nil {
		r.Close()
		return nil, err
	}
	p := &Process{cmd: cmd, exited: make(chan struct{})}
	doors := make(chan [2]string, 1)
	go p.listen(r, doors)
	late := time.NewTimer(startTime)
	defer late.Stop()
	select {
	case d := <-doors:
		p.TCP, p.HTTP = d[0], d[1]
		return p, nil
	case <-p.exited:
		return nil, fmt.Errorf("the server does not start: %s", p.last)
	case <-late.C:
		err = fmt.Errorf("the server opens no doors: %s", p.last)
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	p.Stop()
	return nil, err
}

// listen reads the server's log until its end.
func (p *Process) listen(r *os.File, doors chan<- [2]string) {
	defer close(p.exited)
	defer r.Close()
	log := bufio.NewReader(r)
	var d [2]string
	for d[0] == "" || d[1] == "" {
		line, err := log.ReadSlice('\n')
		if err != nil {
			p.cmd.Wait()
			return
		}
		p.last = bytes.Clone(bytes.TrimSpace(line))
		var entry struct {
			Msg, TCP, HTTP string
		}
		if json.Unmarshal(line, &entry) != nil {
			continue
		}
		switch entry.Msg {
		case "line open":
			d[0] = entry.TCP
		case "page open":
			d[1] = entry.HTTP
		}
	}
	doors <- d
	io.Copy(io.Discard, log)
	p.cmd.Wait()
}

// Stop ends the server at once and waits for its end.
func (p *Process) Stop() {
	p.cmd.Process.Kill()
	<-p.exited
}

// cpu returns the processor time that the process has used, exact to the ns.
func (p *Process) cpu() (time.Duration, error) {
	var t unix.Timespec
	clock := int32(^p.cmd.Process.Pid<<3 | 2) // CPUCLOCK_SCHED of the process: clock_getcpuclockid(3)
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0, os.NewSyscallError("clock_gettime", err)
	}
	return time.Duration(t.Nano()), nil
}

// resident returns the memory of the process in bytes, now and at its peak.
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

// forgetPeak makes the peak begin anew, where the system allows that.
func (p *Process) forgetPeak() {
	os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0)
}
