//go:build !unix

package harness

import (
	"os"
	"syscall"
)

// startGroup does nothing: this system has no process groups.
func startGroup(*syscall.SysProcAttr) {}

// killGroup kills a process.
func killGroup(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		p.Kill()
	}
}
