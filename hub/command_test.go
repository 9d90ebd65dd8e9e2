package hub

import (
	"strings"
	"testing"
)

func TestParseText(t *testing.T) {
	for line, want := range map[string]request{
		"hello":               {verb: verbSay, text: "hello"},
		" /who":               {verb: verbSay, text: " /who"},
		"//who":               {verb: verbSay, text: "/who"},
		"//who al":            {verb: verbSay, text: "/who al"},
		"//dance\t":           {verb: verbSay, text: "/dance\t"},
		"//":                  {verb: verbSay, text: "//"},
		"///":                 {verb: verbSay, text: "///"},
		"///who":              {verb: verbSay, text: "///who"},
		"// who":              {verb: verbSay, text: "// who"},
		"//etc/passwd":        {verb: verbSay, text: "//etc/passwd"},
		"/":                   {verb: verbSay, text: "/"},
		"/ who":               {verb: verbSay, text: "/ who"},
		"/etc/passwd":         {verb: verbSay, text: "/etc/passwd"},
		"/who\x07":            {verb: verbSay, text: "/who�"},
		"\x07.":               {verb: verbSay, text: "�."},
		"\u200b.":             {verb: verbSay, text: "\u200b."},
		"/me waves":           {verb: verbMe, text: "waves"},
		"/mE  \t waves ":      {verb: verbMe, text: "waves "},
		"/me //x":             {verb: verbMe, text: "//x"},
		"/nick al":            {verb: verbNick, name: "al"},
		"/NICK\tal bo ":       {verb: verbNick, name: "al bo"},
		"/join ops":           {verb: verbJoin, name: "ops"},
		"/join #ops ":         {verb: verbJoin, name: "ops"},
		"/join ##ops":         {verb: verbJoin, name: "#ops"},
		"/who":                {verb: verbWho},
		"/who ":               {verb: verbWho},
		"/rooms":              {verb: verbRooms},
		"/msg bob hi there":   {verb: verbMsg, name: "bob", text: "hi there"},
		"/msg  bob \t hi":     {verb: verbMsg, name: "bob", text: "hi"},
		"/msg bob /who":       {verb: verbMsg, name: "bob", text: "/who"},
		"/history":            {verb: verbHistory},
		"/history ":           {verb: verbHistory},
		"/history 7 ":         {verb: verbHistory, limit: 7},
		"/since 0":            {verb: verbSince},
		"/since 1042":         {verb: verbSince, id: 1042},
		"/search  two words ": {verb: verbSearch, text: "two words"},
		"/SEARCH a\x07b":      {verb: verbSearch, text: "a�b"},
		"/search 7":           {verb: verbSearch, text: "7"},
		"/format json":        {verb: verbFormat, name: "json"},
		"/Format TEXT":        {verb: verbFormat, name: "text"},
		"/verbatim":           {verb: verbVerbatim},
		"/help":               {verb: verbHelp},
		"/help me":            {verb: verbHelp},
		"/quit":               {verb: verbQuit},
		"/quit see you ":      {verb: verbQuit, text: "see you"},
		"/quit \x1b[1m bye":   {verb: verbQuit, text: "bye"},
		"/quit \x1b[1":        {verb: verbQuit, text: "�[1"},
		"/me \x1b[1mwaves":    {verb: verbMe, text: "waves"},
		"/msg bob \x1b[1mhi":  {verb: verbMsg, name: "bob", text: "hi"},
		"/search \x1b[1ma":    {verb: verbSearch, text: "a"},
		"\x1b[31m/quit":       {verb: verbSay, text: "/quit"},
		"/quit \x07\u200b":    {verb: verbQuit},
		"-- goodbye --":       {verb: verbSay, text: "-- goodbye --"},
		"\ufeff/who":          {verb: verbSay, text: "\ufeff/who"},
		`{"type":"who"}`:      {verb: verbSay, text: `{"type":"who"}`},
		"/me a\u2028b\u202ec": {verb: verbMe, text: "a�b�c"},
	} {
		got, bad := parseText(line, false)
		switch {
		case bad != nil:
			t.Errorf("%q: refused: %s", line, bad.Message)
		case got == nil:
			t.Errorf("%q: ignored", line)
		case *got != want:
			t.Errorf("%q: %+v, want %+v", line, *got, want)
		}
	}
}

func TestParseTextIgnores(t *testing.T) {
	for _, line := range []string{"", " ", "\t", "\r", " \t \r"} {
		if q, bad := parseText(line, false); q != nil || bad != nil {
			t.Errorf("%q: %+v, %v", line, q, bad)
		}
	}
}

func TestParseTextRefuses(t *testing.T) {
	const usage, unseen = "usage: ", "not said: nothing in it can be seen"
	for line, want := range map[string]string{
		"\x07":           unseen,
		"\u200b":         unseen,
		" \ufeff\u2066":  unseen,
		"/me \x07":       unseen,
		"/msg bob \x07":  unseen,
		"\x1b[0m":        unseen,
		"/me \x1b[0m":    unseen,
		"/msg \x07 \x7f": unseen,
		"/dance":         "unknown command /dance",
		"/me":            usage + "/me ACTION",
		"/me \t":         usage + "/me ACTION",
		"/nick":          usage + "/nick NAME",
		"/nick  ":        usage + "/nick NAME",
		"/join":          usage + "/join ROOM",
		"/join #":        usage + "/join ROOM",
		"/who al":        usage + "/who",
		"/rooms 1":       usage + "/rooms",
		"/msg":           usage + "/msg NAME TEXT",
		"/msg bob":       usage + "/msg NAME TEXT",
		"/msg bob  ":     usage + "/msg NAME TEXT",
		"/history all":   usage + "/history [N]",
		"/history 0":     usage + "/history [N]",
		"/history -1":    usage + "/history [N]",
		"/history 1 2":   usage + "/history [N]",
		"/since":         usage + "/since ID",
		"/since -1":      usage + "/since ID",
		"/since 0x10":    usage + "/since ID",
		"/search":        usage + "/search WORDS",
		"/search \t":     usage + "/search WORDS",
		"/format":        usage + "/format text|json",
		"/verbatim x":    usage + "/verbatim",
		"/format xml":    usage + "/format text|json",
	} {
		q, bad := parseText(line, false)
		if bad == nil {
			t.Errorf("%q: %+v", line, q)
			continue
		}
		if got := string(bad.AppendText(nil)); !strings.HasPrefix(got, "! "+want) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// TestCutCommand: what is a command decides what is said and what is done.
func TestCutCommand(t *testing.T) {
	for line, want := range map[string]string{ // the name, "|" and the arguments
		"/a": "a|", "/who": "who|", "/WHO": "WHO|", "/x2": "x2|", "/a_b-c": "a_b-c|", "/a-": "a-|",
		"/who ": "who|", "/who\t": "who|", "/me waves": "me|waves", "/me \t  waves ": "me|waves ", "/me /x": "me|/x",
		"/etc": "etc|", "/tmp is full": "tmp|is full", "/quit\u00a0x y": "", "/me\u3000waves": "",
		"": "", "/": "", "//": "", "///": "", "/ ": "", "/ who": "", "/\twho": "", "//who": "", "///who": "", " /who": "", "\t/who": "",
		"/2": "", "/2x": "", "/_x": "", "/-x": "", "/.bashrc": "", "/?": "", "/*": "", "/* comment */": "", "// comment": "", "/** @param */": "",
		"/etc/passwd": "", "/bin/sh: 1: foo: not found": "", "/etc:": "", "/x.y": "", "/who,": "", "/who/": "", "/who!": "", "/a=b": "",
		"/who\r": "", "/who\x00": "", "/who\x1b[m": "", "/\x1b[mwho": "", "\x1b[m/who": "", "/who\v": "", "/\ufeffwho": "",
		"/ſay": "", "/nic\u212a al": "", "/wh\u00f6": "", "/é": "", "/私": "", "/who\u200b": "", "/wh\u0301o": "",
		"hello": "", "who": "", "1/2": "", "a /who": "", "C:/who": "", "\\who": "",
	} {
		name, args, ok := cutCommand(line)
		got := name + "|" + args
		if !ok {
			got += " no command"
		}
		if want == "" {
			want = "| no command"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// TestParseTextLarge: a number that is too large for any type is still a large number.
func TestParseTextLarge(t *testing.T) {
	huge := strings.Repeat("9", 40)
	if q, bad := parseText("/history "+huge, false); bad != nil || q.limit < 500 {
		t.Errorf("%+v, %v", q, bad)
	}
	if q, bad := parseText("/since "+huge, false); bad != nil || q.id < 1<<53 {
		t.Errorf("%+v, %v", q, bad)
	}
}

// TestHelp: every command is told, and is what it says.
func TestHelp(t *testing.T) {
	told := strings.Join(helpLines(), "\n")
	for _, name := range []string{"nick", "me", "join", "who", "rooms", "msg", "history", "since", "search", "format", "verbatim", "help", "quit"} {
		if !strings.Contains(told, "/"+name) {
			t.Errorf("no /%s in the help", name)
		}
		if _, bad := parseText("/"+name, false); bad != nil && bad.Code == CodeUnknownCommand {
			t.Errorf("/%s is unknown", name)
		}
		if q, _ := parseText("//"+name, false); q == nil || q.verb != verbSay || q.text != "/"+name {
			t.Errorf("//%s does not say it: %+v", name, q)
		}
	}
}
