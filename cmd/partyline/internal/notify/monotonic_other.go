//go:build !linux

package notify

// monotonic returns nothing: systemd, which needs the time of a reload, runs on Linux only.
func monotonic() string { return "" }
