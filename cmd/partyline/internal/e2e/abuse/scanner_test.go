package abuse

import (
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// scannerProbes is the file in which nmap has what it sends to find out what a port speaks.
const scannerProbes = "/usr/share/nmap/nmap-service-probes"

// plainProbes are the probes that are said, and why.
var plainProbes = map[string]string{
	"Help":                   "words, as a person may type them",
	"HELP4STOMP":             "words, as a person may type them",
	"LSCP":                   "words, as a person may type them",
	"Memcache":               "words, as a person may type them",
	"SqueezeCenter_CLI":      "words, as a person may type them",
	"Verifier":               "words, as a person may type them",
	"VerifierAdvanced":       "words, as a person may type them",
	"VersionRequest":         "words, as a person may type them",
	"WWWOFFLEctrlstat":       "words, as a person may type them",
	"piholeVersion":          "words, as a person may type them",
	"rotctl":                 "words, as a person may type them",
	"tarantool":              "words, as a person may type them",
	"teamspeak-tcpquery-ver": "words, as a person may type them",
	"teamtalk-login":         "words, as a person may type them",
	"vp3":                    "words, as a person may type them",
	"xmlsysd":                "words, as a person may type them",

	"JMON":                     "words and numbers, as logs have them",
	"LibreOfficeImpressSCPair": "words and numbers, as logs have them",
	"NoMachine":                "words and numbers, as logs have them",
	"SharpTV":                  "words and numbers, as logs have them",
	"beast2":                   "words and numbers, as logs have them",
	"dominoconsole":            "words and numbers, as logs have them",
	"gkrellm":                  "words and numbers, as logs have them",
	"niagara-fox":              "words and numbers, as logs have them",
	"DistCCD":                  "words and numbers, as logs have them",

	"NessusTPv10":       "markup, as people pipe it",
	"NessusTPv11":       "markup, as people pipe it",
	"NessusTPv12":       "markup, as people pipe it",
	"metasploit-xmlrpc": "markup, as people pipe it",

	"iperf3":               "text, with NULs far behind its beginning",
	"pervasive-relational": "text, with NULs far behind its beginning",

	"hp-pjl": "text after a sequence that begins with ESC",
}

// readProbes returns what nmap sends over TCP, by name.
func readProbes(t *testing.T) map[string]string {
	t.Helper()
	file, err := os.ReadFile(scannerProbes)
	if err != nil {
		harness.Missing(t, scannerProbes)
	}
	probe := regexp.MustCompile(`(?m)^Probe TCP (\S+) q(?:\|(.*?)\||%(.*?)%)`)
	escape := regexp.MustCompile(`\\(x[0-9A-Fa-f]{2}|.)`)
	probes := map[string]string{}
	for _, found := range probe.FindAllStringSubmatch(string(file), -1) {
		probes[found[1]] = escape.ReplaceAllStringFunc(found[2]+found[3], func(s string) string {
			if s == `\0` {
				return "\x00"
			}
			c, _, _, err := strconv.UnquoteChar(s, 0)
			if err != nil {
				return s[1:] // an escaped sign
			}
			return string([]byte{byte(c)})
		})
	}
	if n := strings.Count(string(file), "\nProbe TCP "); n != len(probes) {
		t.Fatalf("%d of %d probes are read", len(probes), n)
	}
	return probes
}

// TestScanner sends all that nmap sends to find out what a port speaks. Somebody in the room
// hears nothing of the probes but of those that are text.
func TestScanner(t *testing.T) {
	probes := readProbes(t)
	s := harness.StartServer(t, nil)
	member := harness.DialText(t, s.TCP)
	nick := harness.ExpectLine(t, member.Out, harness.WelcomeLine)[0]

	var mu sync.Mutex
	probers := map[string]string{} // the names of the probes by their guests' names
	var probing sync.WaitGroup
	few := make(chan struct{}, 8)
	for name, sent := range probes {
		probing.Go(func() {
			few <- struct{}{}
			defer func() { <-few }()
			conn := harness.Dial(t, s.TCP)
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(harness.Patience))
			io.WriteString(conn, sent)
			conn.CloseWrite()
			told, err := io.ReadAll(conn)
			if err != nil {
				t.Errorf("%s reads %q, %v", name, told, err)
			}
			if welcome := regexp.MustCompile("^" + harness.WelcomeLine).FindSubmatch(told); welcome != nil {
				mu.Lock()
				probers[string(welcome[1])] = name
				mu.Unlock()
			}
		})
	}
	probing.Wait()
	member.Say(t, "that was all")
	harness.ExpectLine(t, member.Out, nick+": that was all")
	var said []string
	member.Out.Count(func(line string) bool {
		from, text, ok := strings.Cut(line, ": ")
		if name := probers[from]; ok && name != "" && plainProbes[name] == "" {
			said = append(said, name+": "+text)
		}
		return false
	})
	slices.Sort(said)
	if len(said) > 0 {
		t.Errorf("the room hears\n%s", strings.Join(said, "\n"))
	}
}
