package transcript

import (
	"fmt"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"

	"partyline/client"
)

// talk returns n messages of a busy room.
func talk(n int) []*client.Message {
	all := make([]*client.Message, n)
	for i := range all {
		all[i] = &client.Message{
			ID: int64(i + 1), At: noon.Add(time.Duration(i) * time.Millisecond), From: fmt.Sprintf("member%d", i%13),
			Text: fmt.Sprintf("line %d of the log: GET /api/v1/items?page=%d 200 OK in 12 ms, https://example.com/trace/%x", i, i, i),
		}
	}
	return all
}

func benchView() *View {
	return New(Options{Nick: "alice", Zone: time.UTC, Style: Style{Profile: colorprofile.TrueColor}})
}

// BenchmarkAdd adds messages to a full View whose reader sees the end.
func BenchmarkAdd(b *testing.B) {
	v, all := benchView(), talk(1000)
	v.SetReading(true)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		v.Add(all[i%len(all)])
	}
}

// BenchmarkLines shows a screen of lines, all of them new.
func BenchmarkLines(b *testing.B) {
	for _, width := range []int{40, 80, 200} {
		b.Run(fmt.Sprint(width), func(b *testing.B) {
			v := benchView()
			for _, m := range talk(1000) {
				v.Add(m)
			}
			b.ReportAllocs()
			for b.Loop() {
				v.look++
				v.Lines(width, 50)
			}
		})
	}
}

// BenchmarkLinesAgain shows the same screen again.
func BenchmarkLinesAgain(b *testing.B) {
	v := benchView()
	for _, m := range talk(1000) {
		v.Add(m)
	}
	b.ReportAllocs()
	for b.Loop() {
		v.Lines(80, 50)
	}
}

// BenchmarkSecond is a second of a room with 5,000 messages a second, on a screen that is drawn 60 times.
func BenchmarkSecond(b *testing.B) {
	v, all := benchView(), talk(5000)
	v.SetReading(true)
	b.ReportAllocs()
	for b.Loop() {
		for frame := range 60 {
			for _, m := range all[len(all)*frame/60 : len(all)*(frame+1)/60] {
				v.Add(m)
			}
			v.Lines(80, 50)
			v.Wants()
		}
	}
}

// BenchmarkScroll scrolls up and down through a full View.
func BenchmarkScroll(b *testing.B) {
	v := benchView()
	for _, m := range talk(maxEntries) {
		v.Add(m)
	}
	v.Lines(80, 50)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i/250%2 == 0 {
			v.PageUp()
		} else {
			v.PageDown()
		}
		v.Lines(80, 50)
	}
}
