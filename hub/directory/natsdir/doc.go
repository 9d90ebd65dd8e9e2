// Package natsdir has a directory.Directory that uses NATS.
//
// # Members
//
// Each server publishes the changes of its members, with numbers, on one subject, and there a beat every two seconds with
// the number of the last change. If a server has missed a change of another one, it requests the list of its members,
// which the other one sends in pages. A server without a beat for eight seconds is gone, and its members
// leave. So members are not stored, and need neither a leader nor a quorum.
//
// A beat also has what addresses use of their limits, as admission.Gate.Report describes it.
//
// # Names
//
// A name is taken at all servers with one entry for each of its skeletons in a bucket of the key-value store, which is
// created or replaced only if it is what it was when it was read. An entry has the server, the identity and a hash of
// its token. If the server of an entry does not have the identity any more, or no server listens there, the entry is
// free. So nothing has to be cleaned up after a server that was lost. Entries expire unless they are refreshed.
//
// An identity is resumed at another server with its name and its token, whose hash the entry has. The server that had
// it ends its members.
package natsdir
