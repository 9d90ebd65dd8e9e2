//go:build linux && !race

package load

const raceEnabled = false
