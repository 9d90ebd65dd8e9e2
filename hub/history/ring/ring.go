// Package ring implements a queue with random access.
package ring

// A Ring is a queue whose elements can be read by index. It grows as needed and does not move
// its elements otherwise. The zero Ring is empty. A Ring is not safe for concurrent use.
type Ring[T any] struct {
	items []T
	start int // the index of the oldest element
	n     int
}

// Len returns the number of elements.
func (r *Ring[T]) Len() int { return r.n }

// At returns the i-th oldest element, with 0 <= i < Len.
func (r *Ring[T]) At(i int) T { return r.items[r.index(i)] }

// Push adds x as the newest element.
func (r *Ring[T]) Push(x T) {
	r.grow()
	r.items[r.index(r.n)] = x
	r.n++
}

// PushFront adds x as the oldest element.
func (r *Ring[T]) PushFront(x T) {
	r.grow()
	r.start = r.index(len(r.items) - 1)
	r.items[r.start] = x
	r.n++
}

// Pop removes and returns the oldest element. The ring must not be empty.
func (r *Ring[T]) Pop() T {
	var zero T
	x := r.items[r.start]
	r.items[r.start] = zero
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
