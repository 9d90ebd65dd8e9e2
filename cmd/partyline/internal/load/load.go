// Package load measures a server from the outside. It connects members over TCP and
// WebSocket, sends messages from some of them, checks that every member receives every
// message once and in one order, and reports the throughput, the latency, and the CPU time
// and memory of the server.
//
// The package uses little CPU time, because it often shares the processors with the server.
// A few goroutines read all sockets by epoll, each into one large buffer. The bytes that a
// member receives are compared with those that another member received first, instead of
// being parsed again.
package load
