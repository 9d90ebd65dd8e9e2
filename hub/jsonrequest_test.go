package hub

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseJSON(t *testing.T) {
	long := strings.Repeat("x", 64)
	for line, want := range map[string]request{
		`{"type":"say","text":"hi"}`:                               {verb: verbSay, text: "hi"},
		` {"text":"hi", "type":"say"} `:                            {verb: verbSay, text: "hi"},
		`{"type":"say","text":"/who","ref":"r","key":"k"}`:         {verb: verbSay, text: "/who", ref: "r", key: "k"},
		`{"type":"say","text":"a","text":"b"}`:                     {verb: verbSay, text: "b"},
		`{"type":"say","text":"\n\r\na\r\nb\n"}`:                   {verb: verbSay, text: "a\nb"},
		`{"type":"say","text":"a\n\nb"}`:                           {verb: verbSay, text: "a\n\nb"},
		`{"type":"say","text":"a\ud800\udbffb\udc00"}`:             {verb: verbSay, text: "a��b�"},
		`{"type":"say","text":"\u0000\u001b\u2028x"}`:              {verb: verbSay, text: "���x"},
		`{"type":"say","text":"\u001b[1m\n\u001b[\nhi\n\u001b[m"}`: {verb: verbSay, text: "�[\nhi"},
		`{"type":"say","text":"\u001b[1\rmhi"}`:                    {verb: verbSay, text: "hi"},
		`{"type":"search","words":"\u001b[1ma\u001b[\nm"}`:         {verb: verbSearch, text: "a�[ m"},
		`{"type":"quit","text":"\u001b[m"}`:                        {verb: verbQuit},
		`{"type":"say","text":" hi ","ref":null}`:                  {verb: verbSay, text: " hi "},
		`{"type":"me","text":"waves","key":"` + long + `"}`:        {verb: verbMe, text: "waves", key: long},
		`{"type":"msg","to":"bob","text":"hi"}`:                    {verb: verbMsg, name: "bob", text: "hi"},
		`{"type":"nick","nick":" al "}`:                            {verb: verbNick, name: " al "},
		`{"type":"join","room":"#ops"}`:                            {verb: verbJoin, name: "#ops"},
		`{"type":"who","ref":"é"}`:                                 {verb: verbWho, ref: "é"},
		`{"type":"rooms","x":{"y":[1]}}`:                           {verb: verbRooms},
		`{"type":"history"}`:                                       {verb: verbHistory},
		`{"type":"history","before":null,"limit":null}`:            {verb: verbHistory},
		`{"type":"history","before":5,"limit":501}`:                {verb: verbHistory, id: 5, limit: 501},
		`{"type":"history","before":1e3,"limit":2.0}`:              {verb: verbHistory, id: 1000, limit: 2},
		`{"type":"history","before":1e400}`:                        {verb: verbHistory, id: 1 << 53},
		`{"type":"since","id":0}`:                                  {verb: verbSince},
		`{"type":"since","id":9007199254740991,"limit":1}`:         {verb: verbSince, id: 1<<53 - 1, limit: 1},
		`{"type":"search","words":"a b"}`:                          {verb: verbSearch, text: "a b"},
		`{"type":"search","words":"a","before":7,"limit":2}`: {
			verb: verbSearch, text: "a", id: 7, limit: 2,
		},
		`{"type":"search","words":"a\u0007b\r\nc\u202e"}`: {verb: verbSearch, text: "a�b  c�"},
		`{"type":"search","words":"","before":0}`:         {verb: verbSearch, id: 1},
		`{"type":"search","words":"` + strings.Repeat(`\u00e9`, 2048) + `"}`: {
			verb: verbSearch, text: strings.Repeat("é", 2048),
		},
		`{"type":"format","format":"text"}`:     {verb: verbFormat, name: "text"},
		`{"type":"quit"}`:                       {verb: verbQuit},
		`{"type":"quit","text":""}`:             {verb: verbQuit},
		`{"type":"quit","text":"\nso\nlong\n"}`: {verb: verbQuit, text: "so long"},
		`{"type":"say","text":"` + strings.Repeat(`x\n`, 31) + `x"}`: {
			verb: verbSay, text: strings.Repeat("x\n", 31) + "x",
		},
		`{"type":"say","text":"` + strings.Repeat(`\u00e9`, 2048) + `"}`: {
			verb: verbSay, text: strings.Repeat("é", 2048),
		},
	} {
		got, bad := parseJSON([]byte(line), 4096)
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
		if q, bad := parseJSON([]byte(line), 4096); q != nil || bad != nil {
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
			q, bad := parseJSON([]byte(line), 4096)
			switch {
			case bad == nil:
				t.Errorf("%.60s: %+v", line, q)
			case bad.Code != test.code:
				t.Errorf("%.60s: %s, want %s", line, bad.Code, test.code)
			}
		}
	}
}

// TestParseJSONTokens: an error bears the ref and the key where they are good ones.
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
			_, bad := parseJSON(fmt.Appendf(nil, `{"type":"say","%s":%s}`, name, test.token), 4096)
			if bad == nil || bad.Code != CodeBadRequest {
				t.Fatalf("%s %s: %v", name, test.token, bad)
			}
			if got := bad.Ref + bad.Key; got != test.want {
				t.Errorf("%s %s: %q", name, test.token, got)
			}
		}
	}
}
