// Package jetstream has a history.Journal that servers share. NATS JetStream orders and stores the messages:
// each server publishes what its members say, and receives what the members of all servers say.
//
// # Streams
//
// The rooms are divided among a fixed number of streams, by a hash of their names. The subject of a room is
// STREAM.PARTITION.ROOM. The id of a message is its sequence in the stream, unless it was imported, so it means the same
// on each server, and the ids of a room are not consecutive. The metadata of a stream has an epoch, which is a random
// number: a stream that was deleted and created again has another one. The sequences of a new stream start at
// [history.IDFloor], so that they are greater than those of streams that were there earlier.
//
// # Imports
//
// An [Import] publishes the messages of another history into new streams. Such a message has another sequence than its id,
// which is in a header, as is its time. The metadata of the stream has the last sequence of the import: the headers of
// later messages mean nothing. All imported ids are less than all sequences of the stream, so an id tells whether its
// message was imported; its sequence is found with a binary search, since both increase in a room. Until an import is
// complete, the metadata says so, and no Journal uses the stream.
//
// # Saying
//
// Each message has an origin, which is unique, and a Nats-Msg-Id: that of its key, or its origin. The stream ignores a
// message whose Nats-Msg-Id it got in the last ten minutes, so that a message can be published again when no ack
// arrives. A message is committed when it comes back from the stream; an ack counts only if it says that the message is
// a repetition.
//
// If no ack arrives for a while, a partition publishes only the oldest message again until there is an ack, and then the
// others in their order. After [Options.Patience] a message is refused, and new ones are as long as there is no ack.
//
// # Receiving
//
// Each partition has an ordered consumer, which starts at the end of the stream, so that a server with a long history
// is ready at once. A supervisor creates the consumer again after the last message that was received when the
// connection is new, or when the stream has newer messages for a second and none arrives.
//
// Any program may publish to the subjects, so each message is validated. Those that are not valid are counted and
// skipped.
//
// # Reading
//
// Each room with members has its newest messages in memory. Older ones are read from the stream, with batches of direct
// gets (ADR-31 of NATS), which any replica answers. A replica may lack the newest messages, so the leader is asked
// whether a page at the end of a room is complete.
package jetstream
