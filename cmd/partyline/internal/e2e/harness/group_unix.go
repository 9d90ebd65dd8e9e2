//go:build unix

package harness

import "syscall"

// startGroup makes a process start a process group, so that killGroup ends its children too.
func startGroup(a *syscall.SysProcAttr) { a.Setpgid = true }

// killGroup kills the processes of a group.
func killGroup(pid int) { syscall.Kill(-pid, syscall.SIGKILL) }
