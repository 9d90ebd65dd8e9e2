package talk

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"text/tabwriter"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// The goals of talk on a terminal.
const (
	goalCPU  = 1.0 // CPU time per time
	goalEcho = 50 * time.Millisecond
)

// TestKeys measures talk on a terminal while messages arrive: the CPU time that it uses, and the time from a key to
// its echo. `make keys` runs it, with the number of keys in the environment variable KEYS. It prints a table.
func TestKeys(t *testing.T) {
	keys, err := strconv.Atoi(os.Getenv("KEYS"))
	if err != nil {
		t.Skip("KEYS is not set")
	}
	fmt.Printf("%d processors, shared with the server and the senders; %s; %d keys\n\n", runtime.NumCPU(), runtime.Version(), keys)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', 0)
	fmt.Fprintln(out, "| messages a second\t| terminal\t| CPU of one core\t| echo p50\t| p99\t| max\t| p99 of cat\t| written\t| the last message after\t| met\t|")
	fmt.Fprintln(out, "|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|")
	for _, rate := range []int{0, 200, 5000} {
		for _, size := range [][2]uint16{{80, 24}, {200, 50}} {
			f := measureKeys(t, size[0], size[1], rate, keys)
			fmt.Fprintf(out, "| %d\t| %d × %d\t| %s\t|\n", rate, size[0], size[1], f)
		}
	}
	out.Flush()
}

// figures are the results of one measurement.
type figures struct {
	cpu     float64 // time per time
	echoes  []time.Duration
	cat     []time.Duration // the echoes of cat, which tell how busy the machine is
	written float64         // bytes a second
	last    time.Duration   // from the last message, after the others, to its place on the screen
}

// String returns columns of a table.
func (f figures) String() string {
	ms := func(d time.Duration) string { return fmt.Sprintf("%.0f ms", d.Seconds()*1e3) }
	at := func(echoes []time.Duration, percent int) time.Duration { return echoes[(len(echoes)-1)*percent/100] }
	p99 := at(f.echoes, 99)
	met := "yes"
	if f.cpu >= goalCPU || p99 > goalEcho {
		met = "NO"
	}
	return fmt.Sprintf("%.0f %%\t| %s\t| %s\t| %s\t| %s\t| %.0f KB/s\t| %s\t| %s", 100*f.cpu, ms(at(f.echoes, 50)), ms(p99),
		ms(at(f.echoes, 100)), ms(at(f.cat, 99)), f.written/1e3, ms(f.last), met)
}

// measureKeys types keys in talk on a terminal of a size, while five members say messages.
func measureKeys(t *testing.T, width, height uint16, rate, keys int) (f figures) {
	t.Helper()
	server := harness.StartProgram(t, "--rate", "0")
	defer server.Kill(t)
	env := []string{"TERM=xterm-256color", "LC_ALL=C.UTF-8", "XDG_STATE_HOME=" + t.TempDir()}
	p := startOnScreen(t, width, height, harness.Command(t, env, "talk", server.TCP, "--nick", "alice"), "alice")
	cat := startOnScreen(t, width, height, exec.Command("sh", "-c", "stty raw -echo; echo ready; exec cat"), "ready")
	last := harness.DialText(t, server.TCP)
	harness.ExpectLine(t, last.Out, harness.WelcomeLine)
	tr := startTraffic(t, server.TCP, rate, "bob", "carol", "dora", "emil", "frida")
	typeKeys(20, p, cat) // warm up

	start, used, read := time.Now(), p.cpu(), p.bytes()
	f.echoes, f.cat = typeKeys(keys, p, cat)
	elapsed := time.Since(start).Seconds()
	f.cpu, f.written = (p.cpu()-used).Seconds()/elapsed, float64(p.bytes()-read)/elapsed
	slices.Sort(f.echoes)
	slices.Sort(f.cat)
	if _, err := tr.halt(); err != nil {
		t.Fatal(err)
	}
	seen := p.watch("the last of all")
	start = time.Now()
	last.Say(t, "the last of all")
	f.last = seen().Sub(start)
	return f
}

// typeKeys types n characters, one about every 30 ms, in talk and in cat, and returns the time of each echo. All
// characters are different and occur in no message, so that each is found when it first appears.
func typeKeys(n int, talk, cat *screenProgram) (inTalk, inCat []time.Duration) {
	for i := range n {
		key := string(rune(0xac00 + i%10000)) // a Hangul syllable
		inTalk = append(inTalk, talk.echo(key))
		if i%12 == 11 {
			talk.write("\x15") // Ctrl-U
		}
		inCat = append(inCat, cat.echo(key))
		time.Sleep(time.Duration(20+i*7%20) * time.Millisecond) // at no fixed phase of the frames
	}
	return inTalk, inCat
}
