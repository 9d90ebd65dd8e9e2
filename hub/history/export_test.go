package history

// NewSmallMemory returns a Memory that keeps the history of few rooms without members.
func NewSmallMemory(keep Retention, rooms int) *Memory {
	j := NewMemory(keep)
	j.maxUnused = rooms
	return j
}
