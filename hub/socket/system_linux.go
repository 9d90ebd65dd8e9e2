//go:build !portable

package socket

import (
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawIO says that trySend, tryReceive and readable work on this system. They make their system
// calls without notifying the scheduler, because the calls never wait: that is cheaper and
// needs no stack.
const rawIO = true

// trySend writes what the kernel takes without waiting. It returns syscall.EAGAIN if the
// kernel takes nothing.
func trySend(fd int32, b []byte) (int, error) {
	return transfer(unix.SYS_SENDTO, uintptr(fd), b, syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL)
}

// tryReceive reads what the kernel has. It returns syscall.EAGAIN if there is nothing yet, and
// 0 bytes at the end of the input.
func tryReceive(fd uintptr, b []byte) (int, error) {
	return transfer(unix.SYS_RECVFROM, fd, b, syscall.MSG_DONTWAIT)
}

// readable reports whether tryReceive would return bytes or the end of the input.
func readable(fd uintptr) (bool, error) {
	var b [1]byte
	_, err := transfer(unix.SYS_RECVFROM, fd, b[:], syscall.MSG_DONTWAIT|syscall.MSG_PEEK)
	if err == syscall.EAGAIN {
		return false, nil
	}
	return err == nil, os.NewSyscallError("read", err)
}

// transfer calls sendto or recvfrom, again after EINTR.
func transfer(call, fd uintptr, b []byte, flags uintptr) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall6(call, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), flags, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, syscall.EAGAIN // errno would be allocated
		default:
			return 0, errno
		}
	}
}

// unacknowledged returns how many written bytes the peer has not acknowledged (tcp(7),
// SIOCOUTQ). For a unix socket it returns how much memory the kernel uses for what the peer has
// not read.
func unacknowledged(fd int32) int {
	queued, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	if err != nil {
		return 0
	}
	return queued
}

// readAcks returns what the system knows about the acknowledgments of fd's peer.
func readAcks(fd int) (acks, error) {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return acks{}, os.NewSyscallError("getsockopt", err)
	}
	if info.State == unix.BPF_TCP_CLOSE { // nothing is due; received bytes can still be read
		return acks{}, nil
	}
	return acks{
		// A peer whose window is closed answers window probes, which the kernel sends at
		// intervals of up to two minutes. Once the second probe is sent, the first is certainly
		// unanswered.
		due:    info.Unacked > 0 || info.Probes > 1,
		last:   time.Duration(info.Last_ack_recv) * time.Millisecond,
		queued: info.Unacked > 0 || info.Notsent_bytes > 0,
		bytes:  info.Bytes_acked,
	}, nil
}

// credentials returns the process and the user that connected to a unix socket, in a form for
// logs (unix(7), SO_PEERCRED). It returns "" if they are unknown.
func credentials(fd uintptr) string {
	cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return ""
	}
	return fmt.Sprintf(":pid=%d,uid=%d", cred.Pid, cred.Uid)
}
