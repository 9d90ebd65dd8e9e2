package web

import (
	"net/url"
	"time"
)

// html returns the page in HTML.
func (v *historyView) html() []byte {
	var d document
	v.addHead(&d)
	d.add(`<body>

<header>
  <h1><img src="%sfavicon.svg" alt="" width="28" height="28"> <a href="%s">#%s</a></h1>
  <a class="chat" href="%s?room=%s">Join the chat</a>
</header>

<main>
`, v.Root, v.log(), v.Room, v.Root, url.QueryEscape(v.Room))
	v.addPages(&d, "Pages")
	v.addMessages(&d)
	v.addPages(&d, "Pages, at the end")
	d.add(`</main>

<footer>Times are in UTC.</footer>
</body>
</html>
`)
	return d.Bytes()
}

func (v *historyView) addHead(d *document) {
	d.add(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>#%s – partyline</title>
<link rel="icon" type="image/svg+xml" href="%sfavicon.svg">
<link rel="stylesheet" href="%scolors.css">
<link rel="stylesheet" href="%slog.css">
`, v.Room, v.Root, v.Root, v.Root)
	if v.HasEarlier {
		d.add("<link rel=\"prev\" href=\"%s\">\n", v.earlier())
	}
	if v.HasLater {
		d.add("<link rel=\"next\" href=\"%s\">\n", v.later())
	}
	d.add("</head>\n")
}

// addPages adds the links to the pages before and after this one, and to the newest. The label tells them from those at
// the other end. If there are none, it adds nothing.
func (v *historyView) addPages(d *document, label string) {
	if !v.HasEarlier && !v.HasLater && v.IsNewest {
		return
	}
	d.add("<nav aria-label=\"%s\">\n", label)
	if v.HasEarlier {
		d.add("  <a href=\"%s\">← Earlier</a>\n", v.earlier())
	}
	if v.HasLater {
		d.add("  <a href=\"%s\">Later →</a>\n", v.later())
	}
	if !v.IsNewest {
		d.add("  <a class=\"newest\" href=\"%s\">Newest</a>\n", v.log())
	}
	d.add("</nav>\n")
}

// addMessages adds the messages, with a list for each day in UTC.
func (v *historyView) addMessages(d *document) {
	if len(v.Messages) == 0 {
		d.add("<p class=\"empty\">No messages here.</p>\n")
		return
	}
	var last HistoryMessage // of the same day
	for i, m := range v.Messages {
		m.At = m.At.UTC()
		if i == 0 || !sameDay(m.At, last.At) {
			if i > 0 {
				d.add("</ol>\n")
			}
			d.add("<h2><time datetime=\"%s\">%s</time></h2>\n<ol>\n", m.At.Format("2006-01-02"), m.At.Format("Monday, 2 January 2006"))
			last = HistoryMessage{}
		}
		v.addMessage(d, m, last)
		last = m
	}
	d.add("</ol>\n")
}

func sameDay(a, b time.Time) bool { return a.YearDay() == b.YearDay() && a.Year() == b.Year() }

// addMessage adds a message that follows last on the same day. The time of the message is in UTC.
func (v *historyView) addMessage(d *document, m, last HistoryMessage) {
	d.add("<li id=\"m%d\" class=\"entry hue-%d", m.ID, hueClass(m.From))
	if m.Action {
		d.add(" action")
	}
	if m.continues(last) {
		d.add(" continued")
	}
	if m.ID == v.Current {
		d.add(" current\" aria-current=\"true")
	}
	d.add(`">
<p class="author"><bdi class="name">%s</bdi></p>
<a class="at" href="%sm/%s/%d#m%d"><time datetime="%s">%s</time></a>
<p class="text" dir="auto">`, m.From, v.Root, url.PathEscape(v.Room), m.ID, m.ID, m.At.Format("2006-01-02T15:04:05.000Z"), m.At.Format("15:04"))
	if m.Action {
		d.add("<bdi class=\"name\">%s</bdi> ", m.From)
	}
	d.add("%s</p>\n</li>\n", m.Text)
}
