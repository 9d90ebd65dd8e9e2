package wire

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseJSON(t *testing.T) {
	long := strings.Repeat("x", 64)
	for line, want := range map[string]Request{
		`{"type":"say","text":"hi"}`:                               {Verb: VerbSay, Text: "hi"},
		` {"text":"hi", "type":"say"} `:                            {Verb: VerbSay, Text: "hi"},
		`{"type":"say","text":"/who","ref":"r","key":"k"}`:         {Verb: VerbSay, Text: "/who", Ref: "r", Key: "k"},
		`{"type":"say","text":"a","text":"b"}`:                     {Verb: VerbSay, Text: "b"},
		`{"type":"say","text":"\n\r\na\r\nb\n"}`:                   {Verb: VerbSay, Text: "a\nb"},
		`{"type":"say","text":"a\n\nb"}`:                           {Verb: VerbSay, Text: "a\n\nb"},
		`{"type":"say","text":"a\ud800\udbffb\udc00"}`:             {Verb: VerbSay, Text: "a��b�"},
		`{"type":"say","text":"\u0000\u001b\u2028x"}`:              {Verb: VerbSay, Text: "���x"},
		`{"type":"say","text":"\u001b[1m\n\u001b[\nhi\n\u001b[m"}`: {Verb: VerbSay, Text: "�[\nhi"},
		`{"type":"say","text":"\u001b[1\rmhi"}`:                    {Verb: VerbSay, Text: "hi"},
		`{"type":"search","words":"\u001b[1ma\u001b[\nm"}`:         {Verb: VerbSearch, Text: "a�[ m"},
		`{"type":"quit","text":"\u001b[m"}`:                        {Verb: VerbQuit},
		`{"type":"say","text":" hi ","ref":null}`:                  {Verb: VerbSay, Text: " hi "},
		`{"type":"me","text":"waves","key":"` + long + `"}`:        {Verb: VerbMe, Text: "waves", Key: long},
		`{"type":"msg","to":"bob","text":"hi"}`:                    {Verb: VerbMsg, Name: "bob", Text: "hi"},
		`{"type":"nick","nick":" al "}`:                            {Verb: VerbNick, Name: " al "},
		`{"type":"join","room":"#ops"}`:                            {Verb: VerbJoin, Name: "#ops"},
		`{"type":"who","ref":"é"}`:                                 {Verb: VerbWho, Ref: "é"},
		`{"type":"rooms","x":{"y":[1]}}`:                           {Verb: VerbRooms},
		`{"type":"history"}`:                                       {Verb: VerbHistory},
		`{"type":"history","before":null,"limit":null}`:            {Verb: VerbHistory},
		`{"type":"history","before":5,"limit":501}`:                {Verb: VerbHistory, ID: 5, Limit: 501},
		`{"type":"history","before":1e3,"limit":2.0}`:              {Verb: VerbHistory, ID: 1000, Limit: 2},
		`{"type":"history","before":1e400}`:                        {Verb: VerbHistory, ID: 1 << 53},
		`{"type":"since","id":0}`:                                  {Verb: VerbSince},
		`{"type":"since","id":9007199254740991,"limit":1}`:         {Verb: VerbSince, ID: 1<<53 - 1, Limit: 1},
		`{"type":"search","words":"a b"}`:                          {Verb: VerbSearch, Text: "a b"},
		`{"type":"search","words":"a","before":7,"limit":2}`: {
			Verb: VerbSearch, Text: "a", ID: 7, Limit: 2,
		},
		`{"type":"search","words":"a\u0007b\r\nc\u202e"}`: {Verb: VerbSearch, Text: "a�b  c�"},
		`{"type":"search","words":"","before":0}`:         {Verb: VerbSearch, ID: 1},
		`{"type":"search","words":"` + strings.Repeat(`\u00e9`, 2048) + `"}`: {
			Verb: VerbSearch, Text: strings.Repeat("é", 2048),
		},
		`{"type":"format","format":"text"}`: {Verb: VerbFormat, Format: Text},
		`{"type":"resume","token":null}`:    {Verb: VerbResume},
		`{"type":"resume","token":"T","nick":"al","room":"ops","since":0,"share":true}`: {
			Verb: VerbResume, Token: "T", Name: "al", Room: "ops", HasID: true, Share: true,
		},
		`{"type":"quit"}`:                       {Verb: VerbQuit},
		`{"type":"quit","text":""}`:             {Verb: VerbQuit},
		`{"type":"quit","text":"\nso\nlong\n"}`: {Verb: VerbQuit, Text: "so long"},
		`{"type":"say","text":"` + strings.Repeat(`x\n`, 31) + `x"}`: {
			Verb: VerbSay, Text: strings.Repeat("x\n", 31) + "x",
		},
		`{"type":"say","text":"` + strings.Repeat(`\u00e9`, 2048) + `"}`: {
			Verb: VerbSay, Text: strings.Repeat("é", 2048),
		},
	} {
		got, bad := ParseJSON([]byte(line), 4096)
		switch {
		case bad != nil:
			t.Errorf("%.60s: refused: %s", line, bad.Message)
		case got == nil:
			t.Errorf("%.60s: ignored", line)
		case *got != want:
			t.Errorf("%.60s: %+v, want %+v", line, *got, want)
		}
	}
}

func TestParseJSONIgnores(t *testing.T) {
	for _, line := range []string{"", " ", "\t\r\n "} {
		if q, bad := ParseJSON([]byte(line), 4096); q != nil || bad != nil {
			t.Errorf("%q: %+v, %v", line, q, bad)
		}
	}
}

func TestParseJSONRefuses(t *testing.T) {
	for _, test := range []struct {
		code  Code
		lines []string
	}{
		{CodeBadJSON, []string{
			`hello`, `/who`, `null`, `1`, `"say"`, `[]`, `[{"type":"who"}]`, `{`, `{"type":"who"`, `{"type":"who"}}`,
			`{"type":"who"}{"type":"who"}`, `{"type":"who"} x`, `{type:"who"}`, `{"type":"who",}`, `{'type':'who'}`,
			`{"type":"say","text":"` + "\x01" + `"}`, `{"ref":"r","type":who}`, strings.Repeat(`{"a":`, 20_000) + "1",
		}},
		{CodeBadRequest, []string{
			`{}`, `{"type":null}`, `{"type":1}`, `{"type":["who"]}`, `{"type":{}}`, `{"Type":"who"}`,
			`{"type":"say"}`, `{"type":"say","text":null}`, `{"type":"say","text":1}`, `{"type":"say","Text":"x"}`,
			`{"type":"say","text":""}`, `{"type":"say","text":" \n\t"}`, `{"type":"say","text":"\u200b\u0007"}`, `{"type":"say","text":"\u001b[m"}`,
			`{"type":"say","text":"` + strings.Repeat(`x\n`, 32) + `x"}`, `{"type":"me","text":[]}`,
			`{"type":"msg","text":"x"}`, `{"type":"msg","to":"bob"}`, `{"type":"msg","to":1,"text":"x"}`,
			`{"type":"nick"}`, `{"type":"nick","nick":7}`, `{"type":"join"}`, `{"type":"join","room":true}`,
			`{"type":"history","before":"1"}`, `{"type":"history","before":-1}`, `{"type":"history","limit":1.5}`,
			`{"type":"history","limit":true}`, `{"type":"history","limit":[]}`, `{"type":"since"}`,
			`{"type":"since","id":null}`, `{"type":"since","id":"0"}`, `{"type":"since","id":0.1}`,
			`{"type":"since","id":-1}`, `{"type":"since","id":1,"limit":"1"}`,
			`{"type":"search"}`, `{"type":"search","words":null}`, `{"type":"search","words":["a"]}`,
			`{"type":"search","text":"a"}`, `{"type":"search","words":"a","before":-1}`,
			`{"type":"search","words":"a","limit":0}`, `{"type":"search","words":"a","limit":"2"}`,
			`{"type":"format"}`, `{"type":"format","format":"xml"}`, `{"type":"format","format":1}`, `{"type":"quit","text":1}`,
		}},
		{CodeUnknownType, []string{`{"type":""}`, `{"type":"dance"}`, `{"type":"Say","text":"x"}`, `{"type":"help"}`, `{"type":"verbatim"}`, `{"type":"say "}`}},
		{CodeLineTooLong, []string{
			`{"type":"say","text":"` + strings.Repeat("x", 4097) + `"}`,
			`{"type":"me","text":"` + strings.Repeat("é", 2048) + `x"}`,
			`{"type":"msg","to":"bob","text":"` + strings.Repeat("x", 4097) + `"}`,
			`{"type":"search","words":"` + strings.Repeat("x", 4097) + `"}`,
		}},
	} {
		for _, line := range test.lines {
			q, bad := ParseJSON([]byte(line), 4096)
			switch {
			case bad == nil:
				t.Errorf("%.60s: %+v", line, q)
			case bad.Code != test.code:
				t.Errorf("%.60s: %s, want %s", line, bad.Code, test.code)
			}
		}
	}
}

// TestParseJSONTokens checks that a refusal has the ref and the key if they are valid.
func TestParseJSONTokens(t *testing.T) {
	for _, test := range []struct{ token, want string }{
		{`"r"`, "r"},
		{`"` + strings.Repeat("r", 64) + `"`, strings.Repeat("r", 64)},
		{`"` + strings.Repeat("é", 32) + `"`, strings.Repeat("é", 32)},
		{`null`, ""},
		{`""`, ""},
		{`1`, ""},
		{`["r"]`, ""},
		{`"a\u0000"`, ""},
		{`"a\nb"`, ""},
		{`"\u007f"`, ""},
		{`"\u0085"`, ""},
		{`"` + strings.Repeat("r", 65) + `"`, ""},
		{`"` + strings.Repeat("é", 33) + `"`, ""},
	} {
		for _, name := range []string{"ref", "key"} {
			_, bad := ParseJSON(fmt.Appendf(nil, `{"type":"say","%s":%s}`, name, test.token), 4096)
			if bad == nil || bad.Code != CodeBadRequest {
				t.Fatalf("%s %s: %v", name, test.token, bad)
			}
			if got := bad.Ref + bad.Key; got != test.want {
				t.Errorf("%s %s: %q", name, test.token, got)
			}
		}
	}
}
