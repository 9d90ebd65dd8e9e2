package wsgw

import (
	"fmt"
	"strings"
	"testing"
)

// TestConformanceUTF8 also sends the texts in fragments, split at every byte.
func TestConformanceUTF8(t *testing.T) {
	t.Parallel()
	rules := utf8Rules()
	for name, s := range goodTexts() {
		rules = append(rules, rule{"8.1 " + name + ", a byte a fragment", inFragments(s, 1), says(s)})
		for i := 1; i < len(s); i++ {
			rules = append(rules, rule{
				fmt.Sprintf("8.1 %s, split at %d", name, i), join(first(s[:i]), ping("p"), last(s[i:])),
				outcome{said: []string{s}, pongs: []string{"p"}},
			})
		}
	}
	for name, s := range badTexts() {
		rules = append(rules, rule{"8.1 " + name + ", a byte a fragment", inFragments(s, 1), closes(1007)})
		for i := 1; i < len(s); i++ {
			answers := []string{"p"}
			if !canBecomeUTF8([]byte(s[:i])) {
				answers = nil // the connection ends before the ping
			}
			rules = append(rules, rule{
				fmt.Sprintf("8.1 %s, split at %d", name, i), join(first(s[:i]), ping("p"), last(s[i:])),
				outcome{pongs: answers, code: 1007},
			})
		}
	}
	newTestServer(t, 4096).conform(t, rules)
}

// utf8Rules returns the rules of RFC 6455 section 8.1.
func utf8Rules() []rule {
	rules := []rule{
		{"8.1 UTF-8 that is valid only as a whole", join(first("\xe2"), middle("\x82"), last("\xac")), says("€")},
		{"8.1 with empty fragments between", join(first("\xe2"), middle(""), middle("\x82"), middle(""), last("\xac")), says("€")},
		{"8.1 with pings between", join(first("\xe2"), ping("\xff"), middle("\x82"), ping(""), last("\xac")), outcome{said: []string{"€"}, pongs: []string{"\xff", ""}}},
		{"8.1 a character over two messages", join(text("\xe2\x82"), text("\xac")), closes(1007)},
		{"8.1 refused at once, before the message ends", first("κόσμε\xf4\x90"), closes(1007)},
		{"8.1 refused at once, before the fragment ends", text("κόσμε\xf4\x90\x80\x80edited")[:6+13], closes(1007)},
		{"8.1 a character that may still be completed", first("κόσμε\xf4\x8f"), outcome{}},
		{"8.1 in a long message, before it ends", text(strings.Repeat("x", 2000) + "\xff" + strings.Repeat("x", 30_000))[:4000], closes(1007)},
		{"8.1 an invalid character after 4,000 bytes", text(strings.Repeat("x", 4000) + "\xff"), closes(1007)},
		{"8.1 an invalid character after 2,000 of two bytes", text(strings.Repeat("ü", 2000) + "\xc3"), closes(1007)},
	}
	for name, s := range goodTexts() {
		rules = append(rules, rule{"8.1 " + name, text(s), says(s)})
	}
	for name, s := range badTexts() {
		rules = append(rules,
			rule{"8.1 " + name, text(s), closes(1007)},
			rule{"8.1 " + name + ", after a message", join(text("hi"), text(s)), outcome{said: []string{"hi"}, code: 1007}},
			rule{"8.1 " + name + ", before a message", join(text(s), text("hi")), closes(1007)})
	}
	return rules
}

// goodTexts and badTexts follow Markus Kuhn's "UTF-8 decoder capability and stress test".
func goodTexts() map[string]string {
	return map[string]string{
		"a text in Greek":              "κόσμε",
		"letters, signs and an emoji":  "Hello-µ@ßöäüàá-UTF-8!! 世界 👋🏽",
		"the first of 2 bytes":         "\u00a0x",
		"the first of 3 bytes":         "\u0800",
		"the first of 4 bytes":         "\U00010000",
		"the last of 1 byte less one":  "~",
		"the last of 2 bytes":          "\u07ff",
		"the last of 3 bytes":          "\uffff",
		"the last before the gap":      "\ud7ff",
		"the first after the gap":      "\ue000",
		"U+FFFD":                       "\ufffd",
		"the last of all":              "\U0010ffff",
		"noncharacters":                "\ufffe\uffff\U0001fffe\U0001ffff\U0008fffe\U000fffff",
		"a noncharacter in the middle": "\ufdd0",
	}
}

func badTexts() map[string]string {
	return map[string]string{
		"a continuation byte":                   "\x80",
		"the last continuation byte":            "\xbf",
		"two continuation bytes":                "\x80\xbf",
		"seven continuation bytes":              "\x80\xbf\x80\xbf\x80\xbf\x80",
		"a start of 2 bytes before a space":     "\xc3 ",
		"a start of 3 bytes before a space":     "\xe1 ",
		"a start of 4 bytes before a space":     "\xf1 ",
		"a start of 5 bytes":                    "\xf8\x88\x80\x80\x80",
		"a start of 6 bytes":                    "\xfc\x84\x80\x80\x80\x80",
		"2 bytes without the last":              "\xdf",
		"3 bytes without the last":              "\xef\xbf",
		"4 bytes without the last":              "\xf7\xbf\xbf",
		"4 good bytes without the last":         "\xf0\x90\x80",
		"incomplete ones in a row":              "\xc3\xe0\xa0\xf0\x90\x80",
		"FE":                                    "\xfe",
		"FF":                                    "\xff",
		"FE FE FF FF":                           "\xfe\xfe\xff\xff",
		"an overlong slash of 2 bytes":          "\xc0\xaf",
		"an overlong slash of 3 bytes":          "\xe0\x80\xaf",
		"an overlong slash of 4 bytes":          "\xf0\x80\x80\xaf",
		"the last overlong of 2 bytes":          "\xc1\xbf",
		"the last overlong of 3 bytes":          "\xe0\x9f\xbf",
		"the last overlong of 4 bytes":          "\xf0\x8f\xbf\xbf",
		"an overlong NUL":                       "\xc0\x80",
		"the first high surrogate":              "\xed\xa0\x80",
		"the last high surrogate":               "\xed\xaf\xbf",
		"the first low surrogate":               "\xed\xb0\x80",
		"the last low surrogate":                "\xed\xbf\xbf",
		"a pair of surrogates":                  "\xed\xa0\x80\xed\xb0\x80",
		"the first above U+10FFFF":              "\xf4\x90\x80\x80",
		"one far above U+10FFFF":                "\xf7\xbf\xbf\xbf",
		"the Greek text and a surrogate":        "κόσμε\xed\xa0\x80edited",
		"the Greek text and one above U+10FFFF": "κόσμε\xf4\x90\x80\x80edited",
		"Latin-1":                               "caf\xe9 au lait",
		"a good line before a bad one":          "good\nb\xffd",
	}
}
