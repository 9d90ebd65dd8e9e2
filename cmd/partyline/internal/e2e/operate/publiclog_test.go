package operate

import (
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// curl runs curl, and returns the status and the body of the answer, with its header if the arguments have -i.
func curl(t *testing.T, args ...string) (status, body string) {
	t.Helper()
	out, err := exec.Command(harness.NeedProgram(t, "curl"), append([]string{"-sS", "-m", "10", "-w", "\n%{http_code}"}, args...)...).CombinedOutput()
	i := strings.LastIndexByte(string(out), '\n')
	if err != nil || i < 0 {
		t.Fatalf("curl %q: %v\n%s", args, err, out)
	}
	return string(out[i+1:]), string(out[:i])
}

// TestPublicLog says messages, and reads all of them with curl, from the newest back to the oldest.
// With --data a restarted server shows the same.
func TestPublicLog(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"memory": nil, "disk": {"--data", t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"--rate", "0"}, args...)
			p := harness.StartProgram(t, args...)
			bot := harness.DialTCPBot(t, p.TCP)
			bot.Request(t, map[string]any{"type": "nick", "nick": "alice", "ref": "n"})
			bot.ExpectType(t, "ack")
			var want []string
			for i := range 250 {
				text := fmt.Sprint(i, " <script>alert(1)</script>")
				lines := []string{text}
				if i%10 == 0 {
					lines = append(lines, "", "* bob has left")
				}
				id := bot.Say(t, fmt.Sprint("key-", i), strings.Join(lines, "\n")).ID
				for _, line := range lines {
					want = append(want, fmt.Sprint(id, " alice: ", line))
				}
			}
			checkLog(t, p.HTTP, want)
			p.Stop(t)
			if name == "memory" {
				return
			}
			p = harness.StartProgram(t, args...)
			checkLog(t, p.HTTP, want)
			p.Stop(t)
		})
	}
}

// checkLog reads the lines of the lobby, without the times, and a page in HTML with a message of it.
func checkLog(t *testing.T, addr string, want []string) {
	t.Helper()
	link, earlier := regexp.MustCompile(`(?m)^Link: <\.\./log/lobby(\?before=\d+)>; rel="prev"`), regexp.MustCompile(`<a href="\.\./log/lobby(\?before=\d+)">`)
	when := regexp.MustCompile(`^(\d+) \d{4}-\d\d-\d\d \d\d:\d\d `)
	var got []string
	query, pages := "", 0
	for ; pages < 10; pages++ {
		url := "http://" + addr + "/log/Lobby" + query
		_, answer := curl(t, "-i", "-H", "Accept: text/plain", url)
		head, text, _ := strings.Cut(strings.ReplaceAll(answer, "\r\n", "\n"), "\n\n")
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		for i := range lines {
			lines[i] = when.ReplaceAllString(lines[i], "$1 ")
		}
		got = append(lines, got...)
		status, page := curl(t, url)
		if status != "200" || strings.Contains(page, "<script") || !strings.Contains(page, "&lt;script&gt;alert(1)&lt;/script&gt;</p>") {
			t.Errorf("%s in HTML: %s\n%s", url, status, page)
		}
		next, inPage := link.FindStringSubmatch(head), earlier.FindStringSubmatch(page)
		if fmt.Sprint(next) == "[]" {
			break
		}
		if inPage == nil || inPage[1] != next[1] {
			t.Fatalf("%s: the header leads to %q, the page to %q", url, next, inPage)
		}
		query = next[1]
	}
	if !slices.Equal(got, want) || pages != 2 {
		t.Errorf("%d pages have %d lines, not %d:\n%s", pages+1, len(got), len(want), strings.Join(got, "\n"))
	}
	id, _, _ := strings.Cut(want[len(want)/2], " ")
	status, page := curl(t, "http://"+addr+"/m/lobby/"+id)
	if status != "200" || !strings.Contains(page, `<li id="m`+id+`"`) || strings.Count(page, ` aria-current="true"`) != 1 {
		t.Errorf("the page of %s: %s\n%s", id, status, page)
	}
}

// TestPublicLogRefused requests what is not shown.
func TestPublicLogRefused(t *testing.T) {
	t.Parallel()
	p := harness.StartProgram(t)
	for _, c := range []struct {
		want string
		args []string
	}{
		{"200", []string{"/log/no-such-room"}},
		{"404", []string{"/m/no-such-room/1"}},
		{"404", []string{"/log/no.room"}},
		{"404", []string{"/log/lobby?before=x"}},
		{"405", []string{"/log/lobby", "-X", "POST"}},
		{"204", []string{"/log/lobby", "-X", "OPTIONS"}},
		{"200", []string{"/log/lobby", "-I"}},
		{"421", []string{"/log/lobby", "-H", "Host: evil.example"}},
	} {
		args := append([]string{"http://" + p.HTTP + c.args[0]}, c.args[1:]...)
		if status, answer := curl(t, args...); status != c.want {
			t.Errorf("%q: %s\n%s", c.args, status, answer)
		}
	}
	p.Stop(t)
	off := harness.StartProgram(t, "--public-log=false")
	for _, path := range []string{"/log/lobby", "/m/lobby/1", "/log.css"} {
		if status, _ := curl(t, "http://"+off.HTTP+path); status != "404" {
			t.Errorf("%s with --public-log=false: %s", path, status)
		}
	}
	off.Stop(t)
}
