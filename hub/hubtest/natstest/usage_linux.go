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
	for _, one := range s.list {
		if one.process == nil {
			continue
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", one.process.Process.Pid))
		if err != nil {
			s.t.Fatal(err)
		}
		pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
		if err != nil {
			s.t.Fatal(err)
		}
		total += pages * int64(os.Getpagesize())
	}
	return total
}
