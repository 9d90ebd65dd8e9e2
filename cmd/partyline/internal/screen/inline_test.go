package screen

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"partyline/client"
)

// TestInline checks that everything is printed once and in order, and that the line stays below it.
func TestInline(t *testing.T) {
	address := startServer(t)
	bob := dial(t, address, client.Options{Nick: "bob"})
	say(t, bob, "before")
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{Inline: true})
	alice.status("2 members")
	alice.keys("typed")
	var want []string
	for i := range 200 {
		text := fmt.Sprintf("message %d.", i)
		want = append(want, text)
		say(t, bob, text)
	}
	alice.await("all messages", func(string) bool {
		return slices.ContainsFunc(alice.printed, func(line string) bool { return strings.HasSuffix(line, "message 199.") })
	})
	var got []string
	for _, line := range alice.printed {
		if i := strings.Index(line, "message "); i >= 0 {
			got = append(got, line[i:])
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("printed %d messages of %d: %q", len(got), len(want), got)
	}
	if first := strings.Join(alice.printed[:3], "\n"); !strings.Contains(first, "before") {
		t.Errorf("the history is not printed first: %q", first)
	}
	if screen := alice.screen(); !strings.HasSuffix(screen, "> typed") || strings.Count(screen, "\n") != 1 {
		t.Errorf("the screen is %q", screen)
	}
	alice.keys("<ctrl+c>/msg bob psst<enter>")
	alice.await("the conversation", func(string) bool { return strings.HasSuffix(alice.printed[len(alice.printed)-1], "psst") })
	if heading := alice.printed[len(alice.printed)-3:]; !strings.Contains(strings.Join(heading, "\n"), "bob") {
		t.Errorf("the conversation has no heading: %q", heading)
	}
	alice.keys("<alt+1>/history 2<enter>")
	alice.await("the history", func(string) bool { return strings.Contains(alice.printed[len(alice.printed)-1], "end of the history") })
	alice.keys("the last one<enter>/quit<enter>")
	alice.await("the end", func(string) bool { return alice.quit })
	if screen := alice.screen(); screen != "" {
		t.Errorf("the screen is %q at the end", screen)
	}
}

// TestInlineMissed checks that what the user has missed is printed once, after what the user has read.
func TestInlineMissed(t *testing.T) {
	address := startServer(t)
	bob := dial(t, address, client.Options{Nick: "bob"})
	ids := say(t, bob, "text 1", "text 2", "text 3")
	const lost = 1 << 50 // an id of another history
	for i, since := range []int64{0, ids[0], client.All, lost} {
		alice := newDriver(t, address, client.Options{Nick: fmt.Sprint("alice-", i), Since: since}, Options{Inline: true})
		alice.status("connected")
		say(t, bob, fmt.Sprint("text ", 4+i))
		var got []string
		alice.await("the last text", func(string) bool {
			got = got[:0]
			for _, line := range alice.printed {
				if i := strings.Index(line, "text "); i >= 0 {
					got = append(got, line[i:])
				}
			}
			return len(got) > 0 && got[len(got)-1] == fmt.Sprint("text ", 4+i)
		})
		var want []string
		for n := range 4 + i {
			want = append(want, fmt.Sprint("text ", n+1))
		}
		if !slices.Equal(got, want) {
			t.Errorf("since %d: printed %q, want %q", since, got, want)
		}
		alice.end()
	}
}
