package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestOneRoom puts everybody's program and a browser into one room: each hears all.
func TestOneRoom(t *testing.T) {
	s := startServer(t, nil)
	host, port, _ := net.SplitHostPort(s.tcp)

	peers := map[string]*process{
		"nc":     start(t, needProgram(t, "nc.openbsd", "nc"), host, port),
		"ncat":   start(t, needProgram(t, "ncat"), host, port),
		"telnet": start(t, needProgram(t, "telnet"), host, port),
	}
	nicks := make(map[string]string)
	for name, peer := range peers {
		nicks[name] = expectLine(t, peer.out, welcomed)[0]
	}
	page := openPage(t, "http://"+s.http)

	for name, peer := range peers {
		said := "hello from " + name
		peer.say(t, said)
		for other, listener := range peers {
			if got := expectLine(t, listener.out, `(\S+): `+said)[0]; got != nicks[name] {
				t.Errorf("%s heard %s say what %s said", other, got, nicks[name])
			}
		}
		if got := page.expect(said); got.From != nicks[name] || got.Own {
			t.Errorf("the page shows %+v for what %s said", got, nicks[name])
		}
	}

	page.say("hello from a browser")
	for name, peer := range peers {
		if got := expectLine(t, peer.out, `(\S+): hello from a browser`)[0]; got != page.nick() {
			t.Errorf("%s heard %s say what %s said", name, got, page.nick())
		}
	}
	if got := page.expect("hello from a browser"); !got.Own {
		t.Errorf("the page shows its own message as %+v", got)
	}
}

// TestSayAndGo is netcat in a pipe, as scripts use it: it delivers, hears itself and ends.
func TestSayAndGo(t *testing.T) {
	s := startServer(t, nil)
	listener, _ := netcat(t, s.tcp)
	sayAndGo(t, s.tcp, listener)
}

func sayAndGo(t *testing.T, addr string, listener *process) {
	t.Helper()
	host, port, _ := net.SplitHostPort(addr)
	nc := needProgram(t, "nc.openbsd", "nc")

	passer := start(t, "sh", "-c", `printf bye | "$0" -N "$1" "$2"`, nc, host, port)
	nick := expectLine(t, passer.out, welcomed)[0]
	if code := passer.exitCode(t, patience); code != 0 {
		t.Errorf("nc -N ended with exit code %d", code)
	}
	lines, end := passer.out.rest(t)
	if !slices.Contains(lines, nick+": bye") || strings.Contains(strings.Join(lines, "\n"), "goodbye") || end != io.EOF {
		t.Errorf("nc -N got %q and then %v", lines, end)
	}
	expectLine(t, listener.out, nick+": bye")
	expectLine(t, listener.out, `\* `+nick+" has left")
}

// TestFollowedFile follows a growing file into the room: every line arrives, in order,
// however the file grew.
func TestFollowedFile(t *testing.T) {
	s := startServer(t, nil)
	reader, _ := netcat(t, s.tcp)

	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	host, port, _ := net.SplitHostPort(s.tcp)
	nc := needProgram(t, "nc.openbsd", "nc")
	start(t, "sh", "-c", `tail -n +1 -f "$3" | "$0" "$1" "$2"`, nc, host, port, log.Name())
	nick := expectLine(t, reader.out, `\* (\S+) has arrived`)[0]

	n := 0
	for _, growth := range []int{1, 2, 40, 1, 56} {
		for i := range growth {
			fmt.Fprintf(log, "line %d", n+i)
			fmt.Fprintf(log, " of the log\n") // a line grows in two steps
		}
		for range growth {
			if got := expectLine(t, reader.out, nick+`: (line \d+ of the log)`)[0]; got != fmt.Sprintf("line %d of the log", n) {
				t.Fatalf("got %q in the place of line %d", got, n)
			}
			n++
		}
	}
}

// TestBots has two bots talk at once, one a door: both see the same messages with the
// same ids in the same order, and each message is acknowledged with its id.
func TestBots(t *testing.T) {
	const each = 50
	s := startServer(t, nil)
	bots := map[string]*bot{"tcp": dialTCPBot(t, s.tcp), "ws": dialBot(t, "ws://"+s.http+"/ws")}
	for _, b := range bots {
		b.expectType(t, "welcome")
	}

	var talking sync.WaitGroup
	for name, b := range bots {
		talking.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%s-%d", name, i)
				if err := b.send(map[string]any{"type": "say", "text": id, "key": "key-" + id, "ref": "ref-" + id}); err != nil {
					t.Errorf("%s can't talk: %v", name, err)
				}
			}
		})
	}
	talking.Wait()

	heard := make(map[string][]event)
	for name, b := range bots {
		acks := make(map[string]event) // by ref
		ids := make(map[string]int64)  // of messages, by text
		for len(acks) < each || len(heard[name]) < 2*each {
			switch e := b.expect(t, "an ack or a message", func(e event) bool { return e.Type != "join" }); e.Type {
			case "ack":
				acks[e.Ref] = e
			case "message":
				if n := len(heard[name]); n > 0 && e.ID <= heard[name][n-1].ID {
					t.Errorf("%s got id %d after %d", name, e.ID, heard[name][n-1].ID)
				}
				if via, _, _ := strings.Cut(e.Text, "-"); e.Via != via {
					t.Errorf("%s heard %q via %s", name, e.Text, e.Via)
				}
				ids[e.Text] = e.ID
				heard[name] = append(heard[name], e)
			default:
				t.Fatalf("%s got %+v", name, e)
			}
		}
		for i := range each {
			id := fmt.Sprintf("%s-%d", name, i)
			if ack := acks["ref-"+id]; ack.ID != ids[id] || ack.Key != "key-"+id {
				t.Errorf("%s is said under id %d, and its ack is %+v", id, ids[id], ack)
			}
		}
	}
	if diff := slices.Compare(texts(heard["tcp"]), texts(heard["ws"])); diff != 0 {
		t.Errorf("the bots heard different things:\n%v\n%v", texts(heard["tcp"]), texts(heard["ws"]))
	}
}

// texts returns messages as id and text.
func texts(events []event) (all []string) {
	for _, e := range events {
		all = append(all, fmt.Sprintf("%d %s", e.ID, e.Text))
	}
	return all
}

// TestSaidAgain sends a message again over the other door, as a bot does that does not
// know whether it was heard: it gets the first one's id, and the room hears it once.
func TestSaidAgain(t *testing.T) {
	s := startServer(t, nil)
	first, second := dialTCPBot(t, s.tcp), dialBot(t, "ws://"+s.http+"/ws")
	first.expectType(t, "welcome")
	second.expectType(t, "welcome")

	say := map[string]any{"type": "say", "text": "once", "key": "a-key"}
	first.request(t, say)
	id := first.expectType(t, "ack").ID
	second.request(t, say)
	if again := second.expectType(t, "ack").ID; again != id {
		t.Errorf("said again, it got id %d, not %d", again, id)
	}

	second.request(t, map[string]any{"type": "say", "text": "that was all"})
	for _, b := range []*bot{first, second} {
		b.expect(t, "the last message", func(e event) bool { return e.Text == "that was all" })
		if n := b.out.count(func(e event) bool { return e.Type == "message" && e.Text == "once" }); n != 1 {
			t.Errorf("it was heard %d times", n)
		}
	}
}
