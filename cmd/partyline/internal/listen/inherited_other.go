//go:build !unix || portable

package listen

import "net"

// On these systems no service manager passes sockets.

func closeOnExec(int) {}

func isListening(net.Listener) bool { return true }
