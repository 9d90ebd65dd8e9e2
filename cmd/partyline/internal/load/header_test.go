//go:build linux

package load

import "testing"

func TestHeader(t *testing.T) {
	m, other := newMagic(), newMagic()
	for other == m {
		other = newMagic()
	}
	want := header{4095, 1<<32 - 1, 1<<48 - 1}
	line := m.appendHeader([]byte(`{"type":"message","text":"`), want)
	if got, ok := m.find(append(line, " and more"...)); !ok || got != want {
		t.Errorf("got %+v, %v", got, ok)
	}
	if _, ok := m.find(line[:len(line)-1]); ok {
		t.Error("found an incomplete header")
	}
	if _, ok := other.find(line); ok {
		t.Error("found the header of another run")
	}
}
