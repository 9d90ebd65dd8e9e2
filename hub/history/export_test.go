package history

// NewSmallMemory returns a Memory that keeps the history of a number of rooms without members.
func NewSmallMemory(r Retention, rooms int) *Memory {
	j := NewMemory(r)
	j.maxUnused = rooms
	return j
}
