// Package ring has a queue that grows as it is filled and never moves what it holds more
// than that takes.
package ring

// A Ring is a queue of which any element can be read. The zero Ring is empty. It may be
// used by one goroutine at a time.
type Ring[T any] struct {
	items []T // a circle
	start int // index of the oldest
	n     int
}

// Len returns how many elements the ring holds.
func (r *Ring[T]) Len() int { return r.n }

// At returns the i-th element from the oldest, with 0 <= i < Len.
func (r *Ring[T]) At(i int) T { return r.items[r.index(i)] }

// Push puts x behind the newest element.
func (r *Ring[T]) Push(x T) {
	r.grow()
	r.items[r.index(r.n)] = x
	r.n++
}

// PushFront puts x before the oldest element.
func (r *Ring[T]) PushFront(x T) {
	r.grow()
	r.start = r.index(len(r.items) - 1)
	r.items[r.start] = x
	r.n++
}

// Pop takes the oldest element out of the ring, which is not empty.
func (r *Ring[T]) Pop() T {
	var none T
	x := r.items[r.start]
	r.items[r.start] = none
	r.start = r.index(1)
	r.n--
	return x
}

func (r *Ring[T]) index(i int) int { return (r.start + i) % max(len(r.items), 1) }

func (r *Ring[T]) grow() {
	if r.n < len(r.items) {
		return
	}
	items := make([]T, max(8, 2*r.n))
	for i := range r.n {
		items[i] = r.At(i)
	}
	r.items, r.start = items, 0
}
