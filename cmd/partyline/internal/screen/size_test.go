package screen

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"partyline/client"
)

// TestSizes checks that everything fits on screens of all sizes, and that the cursor is on the screen.
func TestSizes(t *testing.T) {
	address := startServer(t)
	bob := dial(t, address, client.Options{Nick: "bob", Room: "a-room-with-a-rather-long-name"})
	for _, inline := range []bool{false, true} {
		alice := newDriver(t, address, client.Options{Nick: fmt.Sprint("alice-", inline)}, Options{Inline: inline})
		alice.status("connected")
		say(t, bob, strings.Repeat("long text 日本語 ", 20))
		alice.keys("/join a-room-with-a-rather-long-name<enter>")
		alice.status("members")
		alice.keys("/search long<enter>")
		alice.see("long text")
		for _, state := range []struct {
			name       string
			start, end func()
		}{
			{"results", func() {}, func() { alice.keys("<esc>") }},
			{"conversation", func() { alice.keys("/msg bob hello<enter>") }, func() { alice.keys("<alt+2>") }},
			{"long line", func() { alice.keys(strings.Repeat("日本語 x", 60)) }, func() { alice.keys("<ctrl+c>") }},
			{"several lines", func() { alice.keys("one<alt+enter>two<alt+enter>three") }, func() { alice.keys("<ctrl+c>") }},
			{"paste", func() { alice.update(tea.PasteMsg{Content: strings.Repeat("line\n", 50)}) }, func() { alice.keys("<esc>") }},
			{"search", func() { alice.keys("<ctrl+r>join") }, func() { alice.keys("<esc>") }},
			{"completion", func() { alice.keys("/<tab><tab>") }, func() { alice.keys("<ctrl+c>") }},
			{"leaving", func() { alice.m.quitting = true }, func() { alice.m.quitting = false }},
		} {
			state.start()
			for _, width := range []int{1, 2, 3, 10, 19, 20, 40, 80, 200} {
				for _, height := range []int{1, 2, 3, 4, 10, 60} {
					alice.m.width, alice.m.height = width, height
					checkView(t, fmt.Sprintf("%s, inline %v, %d×%d", state.name, inline, width, height), alice.m)
				}
			}
			alice.m.width, alice.m.height = 80, 24
			state.end()
		}
	}
}

func checkView(t *testing.T, what string, m *model) {
	t.Helper()
	view := m.View()
	lines := strings.Split(view.Content, "\n")
	if len(lines) > m.height || !m.opts.Inline && len(lines) < m.height {
		t.Errorf("%s: %d lines", what, len(lines))
	}
	for _, line := range lines {
		if n := ansi.StringWidth(line); n > m.width {
			t.Errorf("%s: %d cells: %q", what, n, line)
		}
	}
	if c := view.Cursor; c == nil || c.X < 0 || c.X >= m.width || c.Y < 0 || c.Y >= len(lines) {
		t.Errorf("%s: the cursor is at %+v in %d lines", what, c, len(lines))
	}
}
