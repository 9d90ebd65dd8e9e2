package natstest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Freeze stops a running server's process, and waits until no thread of it runs.
func (s *Servers) Freeze(i int) {
	s.t.Helper()
	process := s.list[i].process.Process
	process.Signal(syscall.SIGSTOP)
	for deadline := time.Now().Add(patience); !isStopped(process.Pid); {
		if time.Now().After(deadline) {
			s.t.Fatal("a stopped process still runs")
		}
		<-time.After(time.Millisecond)
	}
}

// Thaw continues a frozen server.
func (s *Servers) Thaw(i int) { s.list[i].process.Process.Signal(syscall.SIGCONT) }

// isStopped reports whether all threads of a process are stopped. See proc_pid_stat(5).
func isStopped(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, file := range threads {
		text, err := os.ReadFile(file)
		_, state, _ := strings.Cut(string(text), ") ")
		if err != nil || !strings.HasPrefix(state, "T") {
			return false
		}
	}
	return len(threads) > 0
}
