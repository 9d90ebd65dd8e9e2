//go:build !unix

package harness

import (
	"os"
	"syscall"
)

// ownGroup is nil: this system has no process groups.
var ownGroup *syscall.SysProcAttr

// killGroup kills a process.
func killGroup(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		p.Kill()
	}
}
