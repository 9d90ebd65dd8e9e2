package clients

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A logLine is a line of a log as a program writes it, with the message expected from it.
type logLine struct {
	sent    string // with its ending
	want    string // the text that the room receives; "" if the server drops the line
	refused bool   // the sender receives an error
}

// same returns a line that the room receives unchanged.
func same(format string, args ...any) []logLine {
	line := fmt.Sprintf(format, args...)
	return []logLine{{sent: line + "\n", want: line}}
}

// logOf returns at least n pseudo-random lines of logs, the same in each run.
func logOf(n int) []logLine {
	r := rand.New(rand.NewPCG(32, 1000))
	var log []logLine
	for len(log) < n {
		log = append(log, logKinds[r.IntN(len(logKinds))](r)...)
	}
	return log
}

// logKinds holds generators for kinds of logs. Each returns the lines of one entry, or nil.
var logKinds = []func(r *rand.Rand) []logLine{
	func(r *rand.Rand) []logLine { // syslog
		return same("Nov %2d %s host-%d %s[%d]: %s", 1+r.IntN(30), clock(r), r.IntN(9), one(r, "sshd", "CRON", "systemd", "kernel"), r.IntN(1<<15),
			one(r, "Accepted publickey for bob from 192.0.2.7 port 50222 ssh2", "(root) CMD (   cd / && run-parts /etc/cron.hourly)",
				"Started Daily apt upgrade and clean activities.", "eth0: link up,  1000 Mbps", "message repeated 3 times: [ * bob has left ]"))
	},
	func(r *rand.Rand) []logLine { // nginx
		return same(`192.0.2.%d - %s [26/Nov/2026:%s +0000] "%s /%s?q=%%20%d HTTP/1.1" %d %d "-" "Mozilla/5.0 (X11; Linux x86_64)"`,
			r.IntN(255), one(r, "-", "alice"), clock(r), one(r, "GET", "POST"), one(r, "", "index.html", "a//b"), r.IntN(99), 200+r.IntN(300), r.IntN(1<<20))
	},
	func(r *rand.Rand) []logLine { // JSON
		return same(`{"ts":%d.%03d,"level":%q,"type":"quit","msg":"%s"}`, r.IntN(1<<30), r.IntN(1000), one(r, "info", "error"),
			one(r, `said \"hello\"\n`, `\u001b[31mred`, `ünï`, `-- goodbye --`))
	},
	func(r *rand.Rand) []logLine { // a stack trace
		trace := same("%s ERROR [main] java.lang.IllegalStateException: id %d is gone", clock(r), r.IntN(1000))
		for range 1 + r.IntN(5) {
			trace = append(trace, same("\tat org.example.Main.lambda$run$%d(Main.java:%d) ~[app.jar!/:?]", r.IntN(9), r.IntN(999))...)
		}
		return append(append(trace, same("Caused by: java.io.IOException: No space left on device")...), same("\t... %d more", r.IntN(99))...)
	},
	func(r *rand.Rand) []logLine { // Windows
		line := fmt.Sprintf("2026-11-26T%s Information\tService Control Manager\tC:\\Windows\\%d  ", clock(r), r.IntN(99))
		return []logLine{{sent: line + "\r\n", want: line}, {sent: "\r\n"}}
	},
	func(r *rand.Rand) []logLine { // colours
		var sent, want strings.Builder
		for range 1 + r.IntN(6) {
			word := one(r, "PASS", "FAIL", " pkg/x ", "0.3s", "[", "1;31m", "é", "\t", "世界")
			fmt.Fprint(&sent, sequence(r), word, sequence(r))
			want.WriteString(word)
		}
		return []logLine{{sent: sent.String() + ".\x1b[0m\n", want: want.String() + "."}}
	},
	func(r *rand.Rand) []logLine { // a reset of colours at the end of a block
		return []logLine{{sent: sequence(r) + "\x1b[0m\n", refused: true}}
	},
	func(r *rand.Rand) []logLine { // an escape sequence that is cut off
		return []logLine{{sent: "cut\x1b[1;3\n", want: "cut\ufffd[1;3"}, {sent: "2mhere\n", want: "2mhere"}}
	},
	func(r *rand.Rand) []logLine { // a progress bar, of which only the last state is shown
		var sent strings.Builder
		before, after := one(r, "", "\r", "\r\x1b[K\x1b[32m"), one(r, "\r", "\r\r", "\x1b[m\r", "   \r")
		for done := range r.IntN(9) {
			fmt.Fprintf(&sent, "%s%3d%% [%s>  ]%s", before, done, strings.Repeat("=", done), after)
		}
		want := one(r, "100% [==========]", "Done", "  ok", "完了")
		fmt.Fprint(&sent, before, want, one(r, "\n", "\r\n", "\r\r\n", "\r\x1b[K\n", "\r   \r\n"))
		return []logLine{{sent: sent.String(), want: want}}
	},
	func(r *rand.Rand) []logLine { // CJK
		text := make([]rune, 1+r.IntN(60))
		for i := range text {
			text[i] = 0x4e00 + rune(r.IntN(0x5000))
		}
		return same("%s、%sカタカナ한국어", string(text), one(r, "「", "。", "ひらがな"))
	},
	func(r *rand.Rand) []logLine { // emoji, and scripts with marks
		return same("%s %s %s", one(r, "👩\u200d👩\u200d👧\u200d👦", "🏳\ufe0f\u200d🌈", "1\ufe0f\u20e3", "👍🏽"), one(r, "🇨🇭", "❤\ufe0f"), one(r, "ที่นี่", "हिन्दी", "مُحَمَّدٌ", "e\u0301"))
	},
	func(r *rand.Rand) []logLine { // paths
		return same("%s", one(r, "/", "/etc", "/etc/passwd", "//srv/share", "/bin/sh: 1: foo: not found", "/usr/lib/x86_64-linux-gnu/", "~/x", "./a/../b", "/tmp is full"))
	},
	func(r *rand.Rand) []logLine { // lines that look like commands
		return same("%s", one(r, "/quit", "/nick x", "/join ops", "/msg bob psst", "/verbatim", "/format json", "/quit now", "//quit", "//x", "/help", "/me waves"))
	},
	func(r *rand.Rand) []logLine { // code
		return same("%s", one(r, "// x", "//", "///", "//x", "/* y", " * z", " */", "#include <stdio.h>", "\tif (a[i] != '\\0') {", "}", "\t\treturn *p++; // done  "))
	},
	func(r *rand.Rand) []logLine { // notices of partyline
		return same("%s", one(r, "* bob has left", "-- goodbye: you left --", "! error", "= alice", "bob: hi", "~ bob waves", "bob -> you: psst"))
	},
	func(r *rand.Rand) []logLine { // blank lines
		return []logLine{{sent: one(r, "\n", " \n", "\t \t\n", "\n\n\n")}}
	},
	func(r *rand.Rand) []logLine { // long lines, rarely
		if r.IntN(20) > 0 {
			return nil
		}
		return same("%s%d", strings.Repeat(one(r, "x", "=", "ab "), 1000), r.IntN(99))
	},
}

// sequence returns an escape sequence without visible output.
func sequence(r *rand.Rand) string {
	return one(r, "\x1b[m", "\x1b[0m", "\x1b[1;32m", "\x1b[38;5;208m", "\x1b[38:2::255:0:0m", "\x1b(B\x1b[m", "\x1b[K", "\x1b[?25l", "\x1b[1A\x1b[2K",
		"\x1b]0;make: all\a", "\x1b]8;;https://chat.example/\x1b\\", "\x1b]8;;\x1b\\", "\x1bP$q m\x1b\\", "\x1b7", "\x1b=")
}

func clock(r *rand.Rand) string {
	return fmt.Sprintf("%02d:%02d:%02d", r.IntN(24), r.IntN(60), r.IntN(60))
}

func one(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }
