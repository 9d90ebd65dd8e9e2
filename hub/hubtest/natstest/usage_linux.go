package natstest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// CPU returns the CPU time that the servers that run have used, together.
func (s *Servers) CPU() (total time.Duration) {
	s.t.Helper()
	for _, one := range s.list {
		if one.process != nil {
			total += s.cpu(int32(^one.process.Process.Pid<<3 | 2)) // CPUCLOCK_SCHED of the process: clock_getcpuclockid(3)
		}
	}
	return total
}

// OwnCPU returns the CPU time that the process of the test has used.
func (s *Servers) OwnCPU() time.Duration {
	s.t.Helper()
	return s.cpu(unix.CLOCK_PROCESS_CPUTIME_ID)
}

func (s *Servers) cpu(clock int32) time.Duration {
	s.t.Helper()
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		s.t.Fatal(os.NewSyscallError("clock_gettime", err))
	}
	return time.Duration(t.Nano())
}

// Resident returns the resident memory of the servers that run, together, in bytes.
func (s *Servers) Resident() (total int64) {
	s.t.Helper()
	for _, text := range s.read("statm") {
		total += s.number(strings.Fields(text)[1]) * int64(os.Getpagesize())
	}
	return total
}

// Written returns how many bytes the servers that run have written to files, together.
func (s *Servers) Written() (total int64) {
	s.t.Helper()
	for _, text := range s.read("io") {
		_, rest, _ := strings.Cut(text, "\nwrite_bytes: ")
		written, _, _ := strings.Cut(rest, "\n")
		total += s.number(written)
	}
	return total
}

// read returns a file in /proc of each server that runs.
func (s *Servers) read(name string) (texts []string) {
	s.t.Helper()
	for _, one := range s.list {
		if one.process == nil {
			continue
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", one.process.Process.Pid, name))
		if err != nil {
			s.t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}

func (s *Servers) number(text string) int64 {
	s.t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}
