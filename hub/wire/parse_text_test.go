package wire

import (
	"strings"
	"testing"
)

func TestParseText(t *testing.T) {
	for line, want := range map[string]Request{
		"hello":               {Verb: VerbSay, Text: "hello"},
		" /who":               {Verb: VerbSay, Text: " /who"},
		"//who":               {Verb: VerbSay, Text: "/who"},
		"//who al":            {Verb: VerbSay, Text: "/who al"},
		"//dance\t":           {Verb: VerbSay, Text: "/dance\t"},
		"//":                  {Verb: VerbSay, Text: "//"},
		"///":                 {Verb: VerbSay, Text: "///"},
		"///who":              {Verb: VerbSay, Text: "///who"},
		"// who":              {Verb: VerbSay, Text: "// who"},
		"//etc/passwd":        {Verb: VerbSay, Text: "//etc/passwd"},
		"/":                   {Verb: VerbSay, Text: "/"},
		"/ who":               {Verb: VerbSay, Text: "/ who"},
		"/etc/passwd":         {Verb: VerbSay, Text: "/etc/passwd"},
		"/who\x07":            {Verb: VerbSay, Text: "/who�"},
		"\x07.":               {Verb: VerbSay, Text: "�."},
		"\u200b.":             {Verb: VerbSay, Text: "\u200b."},
		"/me waves":           {Verb: VerbMe, Text: "waves"},
		"/mE  \t waves ":      {Verb: VerbMe, Text: "waves "},
		"/me //x":             {Verb: VerbMe, Text: "//x"},
		"/nick al":            {Verb: VerbNick, Name: "al"},
		"/NICK\tal bo ":       {Verb: VerbNick, Name: "al bo"},
		"/join ops":           {Verb: VerbJoin, Name: "ops"},
		"/join #ops ":         {Verb: VerbJoin, Name: "ops"},
		"/join ##ops":         {Verb: VerbJoin, Name: "#ops"},
		"/who":                {Verb: VerbWho},
		"/who ":               {Verb: VerbWho},
		"/rooms":              {Verb: VerbRooms},
		"/msg bob hi there":   {Verb: VerbMsg, Name: "bob", Text: "hi there"},
		"/msg  bob \t hi":     {Verb: VerbMsg, Name: "bob", Text: "hi"},
		"/msg bob /who":       {Verb: VerbMsg, Name: "bob", Text: "/who"},
		"/history":            {Verb: VerbHistory},
		"/history ":           {Verb: VerbHistory},
		"/history 7 ":         {Verb: VerbHistory, Limit: 7},
		"/since 0":            {Verb: VerbSince},
		"/since 1042":         {Verb: VerbSince, ID: 1042},
		"/search  two words ": {Verb: VerbSearch, Text: "two words"},
		"/SEARCH a\x07b":      {Verb: VerbSearch, Text: "a�b"},
		"/search 7":           {Verb: VerbSearch, Text: "7"},
		"/format json":        {Verb: VerbFormat, Format: JSON},
		"/Format TEXT":        {Verb: VerbFormat, Format: Text},
		"/verbatim":           {Verb: VerbVerbatim},
		"/help":               {Verb: VerbHelp},
		"/help me":            {Verb: VerbHelp},
		"/quit":               {Verb: VerbQuit},
		"/quit see you ":      {Verb: VerbQuit, Text: "see you"},
		"/quit \x1b[1m bye":   {Verb: VerbQuit, Text: "bye"},
		"/quit \x1b[1":        {Verb: VerbQuit, Text: "�[1"},
		"/me \x1b[1mwaves":    {Verb: VerbMe, Text: "waves"},
		"/msg bob \x1b[1mhi":  {Verb: VerbMsg, Name: "bob", Text: "hi"},
		"/search \x1b[1ma":    {Verb: VerbSearch, Text: "a"},
		"\x1b[31m/quit":       {Verb: VerbSay, Text: "/quit"},
		"/quit \x07\u200b":    {Verb: VerbQuit},
		"-- goodbye --":       {Verb: VerbSay, Text: "-- goodbye --"},
		"\ufeff/who":          {Verb: VerbSay, Text: "\ufeff/who"},
		`{"type":"who"}`:      {Verb: VerbSay, Text: `{"type":"who"}`},
		"/me a\u2028b\u202ec": {Verb: VerbMe, Text: "a�b�c"},
	} {
		got, bad := ParseText(line, false)
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
		if q, bad := ParseText(line, false); q != nil || bad != nil {
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
		q, bad := ParseText(line, false)
		if bad == nil {
			t.Errorf("%q: %+v", line, q)
			continue
		}
		if got := string(bad.AppendText(nil)); !strings.HasPrefix(got, "! "+want) {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// TestCutCommand checks which lines are commands.
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

// TestParseTextLarge checks that a number beyond int64 is still a large number.
func TestParseTextLarge(t *testing.T) {
	huge := strings.Repeat("9", 40)
	if q, bad := ParseText("/history "+huge, false); bad != nil || q.Limit < 500 {
		t.Errorf("%+v, %v", q, bad)
	}
	if q, bad := ParseText("/since "+huge, false); bad != nil || q.ID < 1<<53 {
		t.Errorf("%+v, %v", q, bad)
	}
}
