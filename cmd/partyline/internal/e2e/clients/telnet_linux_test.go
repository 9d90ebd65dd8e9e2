package clients

import (
	"regexp"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestTelnetKeys types the keys that telnet treats as commands. Whatever bytes they send, a line typed
// after them arrives unchanged, and telnet continues to show what it receives.
func TestTelnetKeys(t *testing.T) {
	t.Parallel()
	for mode, m := range map[string]struct {
		keys  string // keys that set the mode
		enter string
		cases map[string]string // names and the keys to type
	}{
		"line": {"", "\n", map[string]string{
			"Ctrl-C":      "gone\x03",
			"Ctrl-O":      "\x0f",
			"Ctrl-\\":     "gone\x1c",
			"Ctrl-Z":      "\x1a",
			"two of each": "\x03\x03\x0f\x0f\x1c\x1c\x1a\x1a",
		}},
		"character": {"\x1dmode character\n", "\r", map[string]string{
			"nothing":   "",
			"Backspace": "gone\x7f\x7f\x7f\x7f",
			"Ctrl-H":    "gone\b\b\b\b",
		}},
	} {
		t.Run(mode, func(t *testing.T) {
			telnet := &client{folder: "telnet", program: "telnet", script: "client.sh", terminal: true}
			harness.NeedProgram(t, telnet.program)
			h := newHost(t, telnet, "--rate", "0")
			p := h.start(t, "terminal")
			p.Stdin.Write([]byte(m.keys))
			for name, keys := range m.cases {
				p.Stdin.Write([]byte(keys + "after " + name + m.enter))
				nick := harness.ExpectLine(t, h.observer.Out, `(\S+): after `+regexp.QuoteMeta(name))[0]
				shows(t, p, nick+": after "+name)
			}
		})
	}
}
