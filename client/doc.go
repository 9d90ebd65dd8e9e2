// Package client connects programs to a partyline server: bots, bridges and terminal clients.
//
// A [Client] is a member of one room at a time; [Client.Open] enters further rooms as the same
// member. It speaks the JSON format of docs/protocol.md over TCP, TLS, a unix socket or WebSocket.
// When its connection breaks, it connects again:
//
//   - [Client.Next] returns the events of the room in the room's order. After a reconnect it first
//     returns the messages that it has missed. No message comes twice, and none is missing
//     without a [Gap], which [Client.Fill] can fill from the server's history.
//   - What [Client.Say] or [Client.Post] has accepted is sent until the server has acknowledged it.
//     Each message has a key, so that the room receives it once. Messages that the server can't store
//     for now, as its disk is full, are sent again in their order.
//   - Texts and names in events and in answers, and the texts of errors, are safe for a terminal and
//     a page, whatever the server sends: valid UTF-8 without control characters except TAB and LF,
//     without escape sequences and without bidirectional overrides. Only the text of a [Message] or
//     a [Private] may have several lines.
//   - The member keeps its name, also that of a guest: the client resumes with the token of its
//     last welcome, within two minutes. Later, or when the server has restarted, another member may
//     have the name. Then the client has a guest's name, and asks for its own until it is free.
//   - A [Disconnected] event says why the connection broke and when the next attempt is made. A
//     [Welcome] says that the client is in its room again.
//
// All methods may be called from any goroutine, and also between two calls of Next. The client has
// two goroutines, and Close waits for both.
package client
