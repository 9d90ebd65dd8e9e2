//go:build !unix || portable

package listen

import (
	"net"

	"partyline/hub/socket"
)

// peek returns socket.HandshakeByte: on these systems every connection has to start with TLS.
func peek(net.Conn) (byte, error) { return socket.HandshakeByte, nil }
