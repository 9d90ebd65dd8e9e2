package socket

// A queue follows how many bytes the kernel holds for the peer of a unix socket, who acknowledges
// nothing. The number includes what the kernel needs for each write, so it says nothing about how
// much the peer has read, only that it has read something: the number then shrinks, or grows by
// less than was written.
type queue struct {
	bytes int    // held after the last update
	reads uint64 // how many updates showed that the peer had read something
}

// update records that the kernel holds now bytes, written bytes of them since the last update.
func (q *queue) update(now, written int) {
	if now < q.bytes+written {
		q.reads++
	}
	q.bytes = now
}
