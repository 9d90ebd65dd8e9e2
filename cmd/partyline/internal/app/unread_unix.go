//go:build unix && !portable

package app

import (
	"errors"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// watchReader calls gone when nobody reads a pipe or a socket any more, which a write would notice too late. The
// returned function ends this and waits for it.
func watchReader(output io.Writer, gone func()) (stop func()) {
	file, ok := output.(*os.File)
	if !ok {
		return func() {}
	}
	wake, waker, err := os.Pipe()
	if err != nil {
		return func() {}
	}
	var watching sync.WaitGroup
	watching.Go(func() {
		fds := []unix.PollFd{{Fd: int32(file.Fd())}, {Fd: int32(wake.Fd())}} // without events: errors only
		for {
			_, err := unix.Poll(fds, -1)
			switch {
			case errors.Is(err, unix.EINTR):
			case err != nil, fds[1].Revents != 0:
				return
			case fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0:
				gone()
				return
			case fds[0].Revents != 0: // it is no open file
				return
			}
		}
	})
	return func() {
		waker.Close()
		watching.Wait()
		wake.Close()
	}
}
