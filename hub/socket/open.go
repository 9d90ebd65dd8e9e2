package socket

import (
	"net"
	"time"
)

const (
	// WriteTimeout is how long a peer may take nothing before it is given up; a gateway's
	// default.
	WriteTimeout = 8 * time.Second

	// sendBuffer is small, so that a peer that reads nothing is known soon.
	sendBuffer = 64 << 10
)

// Open prepares a connection for a gateway and returns how it is read, into buffers of b,
// and how it is written. A peer that is gone without a word is found by keep-alive within
// a minute. An error says that the peer is gone already.
func Open(tcp *net.TCPConn, b *Buffers, end End, timeout time.Duration) (*Reader, *Writer, error) {
	tcp.SetWriteBuffer(sendBuffer)
	tcp.SetKeepAliveConfig(net.KeepAliveConfig{
		Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3,
	})
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil, nil, err
	}
	return newReader(tcp, raw, b), newWriter(tcp, raw, end, timeout), nil
}
