// Package load measures a server from without: it brings members over TCP and WebSocket,
// lets some of them talk, checks that everybody hears everything once and in one order,
// and reports how fast that went and what it cost the server.
//
// It is built to be light, since it often shares its processors with what it measures: a
// few goroutines read all sockets by epoll into one large buffer each, and what a member
// gets is compared with what the first one got instead of being parsed again.
package load
