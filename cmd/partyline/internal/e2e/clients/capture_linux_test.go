package clients

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/wsgw"
)

// A capture records the packets that clients on this machine send to a port. On loopback each packet
// that the client's side sends has reached the server's side, which acknowledges it. Data that the kernel
// discards before sending is not recorded.
type capture struct {
	port uint16

	mu      sync.Mutex
	streams []*stream // in the order in which the clients connected
}

// A stream is the data that one client sends over a connection.
type stream struct {
	port  uint16
	first uint32         // the sequence number of its first byte
	parts map[int][]byte // by offset; packets may be captured out of order
	ended bool           // by FIN or reset
}

// bytes returns the data before the first gap, and whether that is all data captured so far.
func (s *stream) bytes() (sent []byte, all bool) {
	for _, offset := range slices.Sorted(maps.Keys(s.parts)) {
		if offset > len(sent) {
			return sent, false
		}
		if part := s.parts[offset]; offset+len(part) > len(sent) {
			sent = append(sent[:offset], part...)
		}
	}
	return sent, true
}

// startCapture starts a capture of packets to addr until the end of the test. It returns nil if the process
// lacks the privilege.
func startCapture(t *testing.T, addr string) *capture {
	t.Helper()
	c := &capture{port: netip.MustParseAddrPort(addr).Port()}
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if errors.Is(err, unix.EPERM) {
		t.Log("can't capture packets: the test does not check how much a killed client sent")
		return nil
	} else if err != nil {
		t.Fatal(err)
	}
	packets := os.NewFile(uintptr(fd), "packets")
	ended := make(chan struct{})
	t.Cleanup(func() { packets.Close(); <-ended })

	filter := c.filter()
	for _, err := range []error{
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20),
		unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_IP), Ifindex: lo.Index}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	go func() {
		defer close(ended)
		buf := make([]byte, 128<<10)
		for {
			n, err := packets.Read(buf)
			if err != nil {
				return
			}
			c.record(buf[:n])
		}
	}()
	return c
}

func networkOrder(n uint16) uint16 { return n>>8 | n<<8 }

// filter returns a BPF program that accepts TCP packets to the port.
func (c *capture) filter() []unix.SockFilter {
	port := uint32(c.port)
	return []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 9}, // the protocol
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 4, K: unix.IPPROTO_TCP},
		{Code: unix.BPF_LDX | unix.BPF_B | unix.BPF_MSH},      // the length of the IP header
		{Code: unix.BPF_LD | unix.BPF_H | unix.BPF_IND, K: 2}, // the destination
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: port},
		{Code: unix.BPF_RET, K: 1 << 20}, // accept the whole packet
		{Code: unix.BPF_RET},
	}
}

// record records one IPv4 packet. A capture on loopback sees each packet twice, outgoing and incoming.
func (c *capture) record(packet []byte) {
	const fin, syn, reset = 1, 2, 4
	tcp := packet[packet[0]&15*4 : binary.BigEndian.Uint16(packet[2:])]
	source, sequence := binary.BigEndian.Uint16(tcp), binary.BigEndian.Uint32(tcp[4:])
	flags, data := tcp[13], tcp[tcp[12]>>4*4:]

	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.last(source)
	if flags&syn != 0 && (s == nil || s.first != sequence+1) {
		s = &stream{port: source, first: sequence + 1, parts: make(map[int][]byte)}
		c.streams = append(c.streams, s)
	}
	if s == nil {
		return // the connection is older than the capture
	}
	if offset := int(int32(sequence - s.first)); len(data) > len(s.parts[offset]) {
		s.parts[offset] = bytes.Clone(data)
	}
	s.ended = s.ended || flags&(fin|reset) != 0
}

// last returns the latest stream from a port.
func (c *capture) last(port uint16) *stream {
	for i := len(c.streams) - 1; i >= 0; i-- {
		if c.streams[i].port == port {
			return c.streams[i]
		}
	}
	return nil
}

// count returns how many clients have connected so far.
func (c *capture) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.streams)
}

// received waits for the end of the stream with index n, counted from 0, and returns its data.
func (c *capture) received(t *testing.T, n int) []byte {
	t.Helper()
	var sent []byte
	ended := harness.Eventually(func() (all bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if n < len(c.streams) && c.streams[n].ended {
			sent, all = c.streams[n].bytes()
		}
		return all
	})
	if !ended {
		t.Fatalf("incomplete capture of client %d of %d", n, c.count())
	}
	return sent
}

// unmask returns the messages that a client has sent over a WebSocket, one per line.
func unmask(sent []byte) (messages []byte) {
	const maskLen = 4
	_, sent, _ = bytes.Cut(sent, []byte("\r\n\r\n"))
	for {
		h, ok := wsgw.ParseFrameHeader(sent)
		end := h.Size + maskLen + int(h.Length)
		if !ok || len(sent) < end {
			return messages
		}
		mask, payload := sent[h.Size:h.Size+maskLen], sent[h.Size+maskLen:end]
		for i := range payload {
			payload[i] ^= mask[i%maskLen]
		}
		if h.Opcode() == 1 {
			messages = append(append(messages, payload...), '\n')
		}
		sent = sent[end:]
	}
}
