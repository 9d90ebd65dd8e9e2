//go:build unix

package cluster

import (
	"cmp"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/hub/hubtest/natstest"
)

// firstShared is the commit that counts as the release before as long as no ancestor of the present commit has a tag.
const firstShared = "577871f"

// buildBefore builds the program of the release before, and returns its path. It skips the test if git does not have it.
func buildBefore(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(harness.RepoPath("."))
	if err != nil {
		t.Fatal(err)
	}
	git := func(args ...string) (string, error) {
		cmd := exec.Command("git", args...)
		cmd.Dir = root
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	if shallow, err := git("rev-parse", "--is-shallow-repository"); err != nil || shallow != "false" {
		t.Skipf("the history of the repository is missing: git says %q, %v", shallow, err)
	}
	tag, _ := git("describe", "--tags", "--abbrev=0", "HEAD^") // a tag of HEAD is this release
	commit := cmp.Or(tag, firstShared)
	if _, err := git("cat-file", "-e", commit+"^{commit}"); err != nil {
		t.Skipf("the repository does not have %s: %v", commit, err)
	}
	dir := t.TempDir()
	archive := filepath.Join(dir, "before.tar")
	if _, err := git("archive", "-o", archive, commit); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("tar", "-xf", archive, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file := filepath.Join(dir, "partyline-before")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", file, "./cmd/partyline")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("the release before is %s", commit)
	return file
}

// TestMixed has the release before and this one share their rooms. Members must not notice which of them they are on.
func TestMixed(t *testing.T) {
	needCluster(t)
	before := buildBefore(t)
	servers := natstest.Start(t, 1, "")
	args := flags(servers, "--rate", "0")
	programs := []*harness.Program{harness.StartProgramAt(t, before, args...), harness.StartProgram(t, args...)}
	for _, p := range programs {
		awaitReady(t, p)
		if !harness.Eventually(func() bool {
			return p.Err.Count(func(s string) bool { return strings.Contains(s, "server found") }) == 1
		}) {
			t.Fatalf("the programs do not find each other:\n%s", p.Err)
		}
	}
	t.Run("messages", func(t *testing.T) { testMixedMessages(t, programs) })
	t.Run("members", func(t *testing.T) {
		testMixedMembers(t, programs[0], programs[1])
		testMixedMembers(t, programs[1], programs[0])
	})
	t.Run("moves", func(t *testing.T) { testMixedMoves(t, programs) })
	for _, p := range programs {
		if n := p.Err.Count(func(s string) bool { return strings.Contains(s, "level=ERROR") || strings.Contains(s, "level=WARN") }); n > 0 {
			t.Errorf("the log has:\n%s", p.Err)
		}
	}
}

// testMixedMessages says messages at both programs at once. Both must deliver them in one order, with the same ids.
func testMixedMessages(t *testing.T, programs []*harness.Program) {
	const each = 200
	bots := make([]*harness.Bot, len(programs))
	for i, p := range programs {
		bots[i] = harness.DialBot(t, "ws://"+p.HTTP+"/ws?room=messages")
		bots[i].ExpectType(t, "welcome")
	}
	var saying sync.WaitGroup
	for i, bot := range bots {
		saying.Go(func() {
			for n := range each {
				if err := bot.Send(map[string]any{"type": "say", "text": fmt.Sprintf("@m%d %d", i, n), "key": fmt.Sprint(i, " ", n)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	saying.Wait()
	total := each * len(bots)
	for i, bot := range bots {
		if !harness.Eventually(func() bool { return len(bot.Messages()) >= total }) {
			t.Fatalf("program %d has delivered %d messages of %d", i, len(bot.Messages()), total)
		}
		harness.CheckOnceInOrder(t, fmt.Sprint("program ", i), bot.Messages(), len(bots), total)
	}
	if got, want := bots[1].Messages(), bots[0].Messages(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Error(harness.Difference(got, want))
	}
}

// testMixedMembers has a member at each program.
func testMixedMembers(t *testing.T, a, b *harness.Program) {
	carol := harness.DialText(t, b.TCP)
	harness.ExpectLine(t, carol.Out, harness.WelcomeLine)
	carol.Say(t, "/nick carol")
	harness.ExpectLine(t, carol.Out, `\* \S+ is now known as carol`)
	bob, guest := harness.Netcat(t, a.TCP)
	harness.ExpectLine(t, carol.Out, `\* `+guest+` has arrived`)
	bob.Say(t, "/nick carol")
	harness.ExpectLine(t, bob.Out, `! carol is taken`)
	bob.Say(t, "/nick bob")
	harness.ExpectLine(t, carol.Out, `\* `+guest+` is now known as bob`)
	carol.Say(t, "/nick B0B") // looks the same
	harness.ExpectLine(t, carol.Out, `! B0B is taken`)
	carol.Say(t, "/who")
	harness.ExpectLine(t, carol.Out, `= carol, bob`)
	bob.Say(t, "/who")
	harness.ExpectLine(t, bob.Out, `= bob, carol`)
	bob.Say(t, "/rooms")
	harness.ExpectLine(t, bob.Out, `= lobby \(2\)`)
	bob.Say(t, "/msg carol psst")
	harness.ExpectLine(t, carol.Out, `bob -> you: psst`)
	harness.ExpectLine(t, bob.Out, `you -> carol: psst`)
	bob.Say(t, "/quit bye")
	harness.ExpectLine(t, carol.Out, `\* bob has left.*`)
	carol.Say(t, "/nick bob") // is free
	harness.ExpectLine(t, carol.Out, `\* carol is now known as bob`)
	carol.Say(t, "/quit")
	carol.Out.Rest(t)
}

// testMixedMoves moves a member to the other program and back, with its token. Nobody may notice.
func testMixedMoves(t *testing.T, programs []*harness.Program) {
	const room = "moves"
	observers := make([]*harness.Bot, len(programs))
	for i, p := range programs {
		observers[i] = harness.DialBot(t, fmt.Sprintf("ws://%s/ws?room=%s&nick=observer%d", p.HTTP, room, i))
		observers[i].ExpectType(t, "welcome")
	}
	bot := harness.DialBot(t, "ws://"+programs[0].HTTP+"/ws?nick=robo&room="+room)
	token := bot.ExpectType(t, "welcome").Token
	for _, o := range observers {
		o.Expect(t, "robo", func(e harness.Event) bool { return e.Type == "join" && e.Nick == "robo" })
	}
	seen := bot.Say(t, "key 0", "at program 0").ID
	for i := 1; i <= 4; i++ {
		missed := observers[0].Say(t, fmt.Sprint("key observer ", i), fmt.Sprint("missed ", i))
		next := harness.DialBot(t, "ws://"+programs[i%2].HTTP+"/ws?room="+room)
		next.Request(t, map[string]any{"type": "resume", "token": token, "nick": "robo", "room": room, "since": seen, "ref": "r"})
		welcome := next.Expect(t, "the welcome", func(e harness.Event) bool { return e.Type == "welcome" && e.Ref == "r" })
		if !welcome.Resumed || welcome.Nick != "robo" || welcome.Token != token {
			t.Fatalf("after move %d the welcome is %+v", i, welcome)
		}
		next.Expect(t, "what it has missed", func(e harness.Event) bool { return e.Type == "message" && e.ID == missed.ID })
		if e := bot.ExpectType(t, "bye"); e.Reason != "resumed" {
			t.Errorf("the connection before got %+v", e)
		}
		bot = next
		e := bot.Say(t, fmt.Sprint("key ", i), fmt.Sprint("at program ", i%2))
		if seen = e.ID; e.Type != "ack" {
			t.Errorf("the response is %+v", e)
		}
	}
	for i, o := range observers {
		o.Expect(t, "the last message", func(e harness.Event) bool { return e.ID == seen })
		for _, e := range o.Out.All() {
			if e.Nick == "robo" && (e.Type == "leave" || e.Type == "nick") {
				t.Errorf("observer %d received %+v", i, e)
			}
		}
	}
}
