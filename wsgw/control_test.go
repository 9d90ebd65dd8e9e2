package wsgw

import (
	"errors"
	"io"
	"slices"
	"testing"

	"partyline/hub"
)

// TestControlsCount checks that ReadLine returns hub.ErrControl for each ping and each unsolicited
// pong: in order between messages, and after the message if it came between fragments. The
// division of the bytes into reads makes no difference.
func TestControlsCount(t *testing.T) {
	t.Parallel()
	const control = "(control)"
	counts := func(n int) []string { return slices.Repeat([]string{control}, n) }
	for name, c := range map[string]struct {
		send []byte
		want []string
	}{
		"a ping":                {ping("p"), counts(1)},
		"many pings":            {times(500, ping("p")), counts(500)},
		"pings around messages": {join(ping("1"), text("a"), ping("2"), text("b\nc"), ping("3")), []string{control, "a", control, "b", "c", control}},
		"the answer to a ping":  {join(pong(""), text("a")), []string{"a"}},
		"more pongs":            {times(500, pong("")), counts(499)},
		"between fragments":     {join(first("a"), times(5, ping("p")), last("b"), text("c")), append([]string{"ab"}, append(counts(5), "c")...)},
		"in a message of lines": {join(first("a\n"), ping("p"), last("b")), []string{"a", "b", control}},
		"blank lines":           {join(text("\n\r\n \t\na\n\n\n"), ping("p"), text("\n\n\n")), []string{"", "a", "", control, ""}},
		"an empty message":      {join(text(""), ping("p")), []string{"", control}},
	} {
		for how, cut := range map[string]int{"whole": 1 << 20, "byte by byte": 1, "split in frames": 7} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				conn, client := newConn(t)
				go func() {
					for part := range slices.Chunk(join(c.send, clientClose(1000, "")), cut) {
						client.tcp.Write(part)
					}
				}()
				go io.Copy(io.Discard, client.tcp)
				var got []string
				for {
					line, err := conn.ReadLine()
					if errors.Is(err, io.EOF) {
						break
					}
					switch {
					case err == hub.ErrControl:
						line = []byte(control)
					case err != nil:
						t.Fatalf("after %.200q: %v", got, err)
					}
					got = append(got, string(line))
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("%.300q, want %.300q", got, c.want)
				}
			})
		}
	}
}
