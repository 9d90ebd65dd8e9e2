//go:build unix

package harness

import "syscall"

// ownGroup makes a process start a process group, so that killGroup ends its children too.
var ownGroup = &syscall.SysProcAttr{Setpgid: true}

// killGroup kills the processes of a group.
func killGroup(pid int) { syscall.Kill(-pid, syscall.SIGKILL) }
