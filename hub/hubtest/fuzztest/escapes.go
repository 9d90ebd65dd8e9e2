package fuzztest

import "strings"

// Escapes are texts with escape sequences, complete and incomplete, in each form of ECMA-48 and ECMA-35. The
// values are the texts without the complete sequences.
var Escapes = map[string]string{
	// control sequences
	"\x1b[32mPASS\x1b[39m":              "PASS",
	"\x1b[mx":                           "x",
	"\x1b[2J\x1b[H\x1b[?25lx":           "x",
	"\x1b[38;5;208mx\x1b[38:2::1:2:3my": "xy",
	"\x1b[0 qx":                         "x",
	"\x1b[!px":                          "x",
	"\x1b[?1;2$}x":                      "x",
	"\x1b[200~x\x1b[201~":               "x",
	"\x1b[@x\x1b[~y":                    "xy",
	"\x1b[[Ax":                          "Ax",
	"\x1b[":                             "\x1b[",
	"\x1b[1;":                           "\x1b[1;",
	"\x1b[1 ":                           "\x1b[1 ",
	"\x1b[ 1m":                          "\x1b[ 1m", // a parameter after an intermediate
	"\x1b[1\nm":                         "\x1b[1\nm",
	"\x1b[1\tm":                         "\x1b[1\tm",
	"\x1b[1\x7f":                        "\x1b[1\x7f",
	"\x1b[é":                            "\x1b[é",
	"\x1b[" + strings.Repeat("1;", 999): "\x1b[" + strings.Repeat("1;", 999),
	"\x1b[" + strings.Repeat("1;", 999) + "mx": "x",

	// strings
	"\x1b]0;title\ax":     "x",
	"\x1b]0;title\x1b\\x": "x",
	"\x1b]8;;http://a.example/\x1b\\link\x1b]8;;\x1b\\": "link",
	"\x1b]0;a\tb é 世界 👩\u200d🚀\ax":                      "x",
	"\x1b]\ax\x1b]\x1b\\y":                              "xy",
	"\x1bP1$r0m\x1b\\x":                                 "x",
	"\x1bXany\x1b\\x\x1b^thing\x1b\\y\x1b_goes\x1b\\z":  "xyz",
	"\x1bPa\ab\x1b\\":                                   "\x1bPa\ab",
	"\x1b]0;title":                                      "\x1b]0;title",
	"\x1b]0;title\x1b":                                  "\x1b]0;title\x1b",
	"\x1b]0;ti\ntle\a":                                  "\x1b]0;ti\ntle\a",
	"\x1b]0;ti\rtle\a":                                  "\x1b]0;ti\rtle\a",
	"\x1b]0;ti\u009ctle\x1b\\":                          "\x1b]0;ti\u009ctle",
	"\x1b]0;ti\x1b[1mtle\ax":                            "\x1b]0;title\ax",
	"\x1b]0;ti\x1b]0;tle\ax":                            "\x1b]0;tix",
	"\x1bPtmux;\x1b\x1b]52;c;eA==\a\x1b\\x":             "\x1bPtmux;\x1bx",
	strings.Repeat("\x1b]x", 999):                       strings.Repeat("\x1b]x", 999),

	// other forms
	"\x1b(Bx":                "x",
	"\x1b(B\x1b[mx":          "x", // tput sgr0
	"\x1b#8x\x1b%Gy":         "xy",
	"\x1b $(0x":              "x",
	"\x1b7x\x1b8\x1b=\x1bcy": "xy",
	"\x1bMx\x1b\\y":          "xy",
	"\x1b0x\x1b~y":           "xy",
	"\x1b(":                  "\x1b(",
	"\x1b(é":                 "\x1b(é",
	"\x1b(\n0":               "\x1b(\n0",

	// no complete sequence
	"":                "",
	"PASS [32m":       "PASS [32m",
	"x\x1b":           "x\x1b",
	"\x1b\x1b[1mx":    "\x1bx",
	"\x1b\x1b[0m[1mx": "\x1b[1mx",
	"\x1b\nc":         "\x1b\nc",
	"\x1b\x7f":        "\x1b\x7f",
	"\x1bé":           "\x1bé",
	"\u009b1mx":       "\u009b1mx",
}
