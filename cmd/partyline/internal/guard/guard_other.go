//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd) || portable

package guard

import (
	"errors"
	"os"
	"syscall"
)

var ownGroup *syscall.SysProcAttr

// save returns an error: on this system there is no guard.
func save(*os.File) (string, error) { return "", errors.ErrUnsupported }

func restore(*os.File, string) {}

func ignoreSignals() {}
