// Package hubtest has contract tests for the implementations of hub's interfaces, and tools
// for other tests:
//
//   - TestConn is the contract of hub.Conn, and TestInputs sends the inputs of docs/inputs.txt
//     to a transport. A transport must pass both.
//   - TestJournal, TestRooms and ModelTest are the contract of history.Journal.
//   - A Conn is a hub.Conn in memory, for tests of the hub.
//   - Networks are the kinds of connections. TCPPair, Reset and Namespaces make TCP connections.
package hubtest
