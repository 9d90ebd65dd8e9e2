package transcript

import (
	"slices"
	"testing"
)

func TestMentions(t *testing.T) {
	for _, test := range []struct {
		text, name string
		want       []string
	}{
		{"alice: hello", "alice", []string{"alice"}},
		{"Hello ALICE!", "alice", []string{"ALICE"}},
		{"@alice, (alice) “alice”", "alice", []string{"@alice", "alice", "alice"}},
		{"I know Alice.", "alice", []string{"Alice"}},
		{"malice alices alice2 alice_ _alice alice-bot bot-alice alice.example www.alice", "alice", nil},
		{"alice- alice... -alice", "alice", []string{"alice", "alice", "alice"}},
		{"alice\u0301", "alice", nil},
		{"alicealice alice", "alice", []string{"alice"}},
		{"k8s_bot.1 is down, k8s_bot.12 is not", "k8s_bot.1", []string{"k8s_bot.1"}},
		{"jörg JÖRG", "Jörg", []string{"jörg", "JÖRG"}},
		{"你好李雷，@李雷你好", "李雷", []string{"李雷", "@李雷"}},
		{"xalice\nalice", "alice", []string{"alice"}},
		{"", "alice", nil},
		{"alice", "", nil},
	} {
		var got []string
		for _, s := range mentions(nil, test.text, test.name, "") {
			got = append(got, test.text[s.start:s.end])
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q mentions %s as %q, want %q", test.text, test.name, got, test.want)
		}
	}
}

func TestLinks(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string
	}{
		{"see https://example.com/a?b=c#d.", []string{"https://example.com/a?b=c#d"}},
		{"(https://example.com/a_(b)) and <ftp://x.example/>", []string{"https://example.com/a_(b)", "ftp://x.example/"}},
		{"[https://example.com/[1]]!", []string{"https://example.com/[1]"}},
		{"http://例え.jp/パス。http://b/", []string{"http://例え.jp/パス。http://b/"}},
		{"https://example.com/。", []string{"https://example.com/"}},
		{"git+ssh://host/x \"wss://y\"", []string{"git+ssh://host/x", "wss://y"}},
		{"no :// address, nor http:// or ://x", nil},
		{"a://b\nc://d", []string{"a://b", "c://d"}},
	} {
		var got []string
		for _, s := range links(test.text, "") {
			got = append(got, test.text[s.start:s.end])
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q has the addresses %q, want %q", test.text, got, test.want)
		}
	}
}

func TestFound(t *testing.T) {
	for _, test := range []struct {
		text, words string
		want        []string
	}{
		{"Pizza on Friday, minipizza", "pizza FRI", []string{"Pizza", "Fri"}},
		{"minipizza", "pizza", []string{"pizza"}},
		{"panama", "pan panama an", []string{"panama"}},
		{"a+b a.b", "a+b", []string{"a", "b", "a", "b"}},
		{"世界你好", "你好", []string{"你好"}},
		{"nothing", "pizza", nil},
		{"nothing", " ", nil},
	} {
		var got []string
		for _, s := range found(test.text, test.words, "") {
			got = append(got, test.text[s.start:s.end])
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q has the words %q at %q, want %q", test.text, test.words, got, test.want)
		}
	}
}
