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

// nmapProbesFile is the file with the bytes that nmap sends to identify a service. nmap calls them probes; they
// are unrelated to the type probe.
const nmapProbesFile = "/usr/share/nmap/nmap-service-probes"

// plainNmapProbes maps the names of probes that the server treats as messages to the reason.
var plainNmapProbes = map[string]string{
	"Help":                   "words that a person may type",
	"HELP4STOMP":             "words that a person may type",
	"LSCP":                   "words that a person may type",
	"Memcache":               "words that a person may type",
	"SqueezeCenter_CLI":      "words that a person may type",
	"Verifier":               "words that a person may type",
	"VerifierAdvanced":       "words that a person may type",
	"VersionRequest":         "words that a person may type",
	"WWWOFFLEctrlstat":       "words that a person may type",
	"piholeVersion":          "words that a person may type",
	"rotctl":                 "words that a person may type",
	"tarantool":              "words that a person may type",
	"teamspeak-tcpquery-ver": "words that a person may type",
	"teamtalk-login":         "words that a person may type",
	"vp3":                    "words that a person may type",
	"xmlsysd":                "words that a person may type",

	"JMON":                     "words and numbers as in logs",
	"LibreOfficeImpressSCPair": "words and numbers as in logs",
	"NoMachine":                "words and numbers as in logs",
	"SharpTV":                  "words and numbers as in logs",
	"beast2":                   "words and numbers as in logs",
	"dominoconsole":            "words and numbers as in logs",
	"gkrellm":                  "words and numbers as in logs",
	"niagara-fox":              "words and numbers as in logs",
	"DistCCD":                  "words and numbers as in logs",

	"NessusTPv10":       "markup that a person may pipe",
	"NessusTPv11":       "markup that a person may pipe",
	"NessusTPv12":       "markup that a person may pipe",
	"metasploit-xmlrpc": "markup that a person may pipe",

	"iperf3":               "text with NULs far from its start",
	"pervasive-relational": "text with NULs far from its start",

	"hp-pjl": "text after an escape sequence",
}

// readNmapProbes returns the TCP probes of nmap by name.
func readNmapProbes(t *testing.T) map[string]string {
	t.Helper()
	file, err := os.ReadFile(nmapProbesFile)
	if err != nil {
		harness.Missing(t, nmapProbesFile)
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
				return s[1:] // an escaped punctuation character
			}
			return string([]byte{byte(c)})
		})
	}
	if n := strings.Count(string(file), "\nProbe TCP "); n != len(probes) {
		t.Fatalf("parsed %d of %d probes", len(probes), n)
	}
	return probes
}

// TestScanner sends all TCP probes of nmap. A member of the room receives no messages from them, except
// from the probes that are plain text.
func TestScanner(t *testing.T) {
	probes := readNmapProbes(t)
	s := harness.StartServer(t, nil)
	member := harness.DialText(t, s.TCP)
	nick := harness.ExpectLine(t, member.Out, harness.WelcomeLine)[0]

	var mu sync.Mutex
	senders := map[string]string{} // from nicknames to names of probes
	var sending sync.WaitGroup
	slots := make(chan struct{}, 8)
	for name, sent := range probes {
		sending.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			conn := harness.Dial(t, s.TCP)
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(harness.Patience))
			io.WriteString(conn, sent)
			conn.CloseWrite()
			got, err := io.ReadAll(conn)
			if err != nil {
				t.Errorf("%s received %q, error %v", name, got, err)
			}
			if welcome := regexp.MustCompile("^" + harness.WelcomeLine).FindSubmatch(got); welcome != nil {
				mu.Lock()
				senders[string(welcome[1])] = name
				mu.Unlock()
			}
		})
	}
	sending.Wait()
	member.Say(t, "that was all")
	harness.ExpectLine(t, member.Out, nick+": that was all")
	var said []string
	member.Out.Count(func(line string) bool {
		from, text, ok := strings.Cut(line, ": ")
		if name := senders[from]; ok && name != "" && plainNmapProbes[name] == "" {
			said = append(said, name+": "+text)
		}
		return false
	})
	slices.Sort(said)
	if len(said) > 0 {
		t.Errorf("the room received\n%s", strings.Join(said, "\n"))
	}
}
