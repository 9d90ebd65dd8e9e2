package notify

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// monotonic returns the line with the time of a reload, which the service manager compares with that of
// its request.
func monotonic() string {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) != nil {
		return ""
	}
	return "\nMONOTONIC_USEC=" + strconv.FormatInt(t.Nano()/1000, 10)
}
