//go:build !unix

package listen

import "net"

// peek returns handshakeByte: on these systems every connection has to start with TLS.
func peek(net.Conn) (byte, error) { return handshakeByte, nil }
