package web

import "net/url"

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
	v.addPages(&d)
	days := v.days()
	for _, day := range days {
		d.add("<h2><time datetime=\"%s\">%s</time></h2>\n<ol>\n", day.Date.Format("2006-01-02"), day.Date.Format("Monday, 2 January 2006"))
		for _, e := range day.Messages {
			e.add(&d)
		}
		d.add("</ol>\n")
	}
	if len(days) == 0 {
		d.add("<p class=\"empty\">No messages here.</p>\n")
	}
	v.addPages(&d)
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
<link rel="stylesheet" href="%slog.css">
`, v.Room, v.Root, v.Root)
	if v.HasEarlier {
		d.add("<link rel=\"prev\" href=\"%s\">\n", v.earlier())
	}
	if v.HasLater {
		d.add("<link rel=\"next\" href=\"%s\">\n", v.later())
	}
	d.add("</head>\n")
}

// addPages adds the links to the pages before and after this one, and to the newest.
func (v *historyView) addPages(d *document) {
	d.add("<nav aria-label=\"Pages\">\n")
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

func (e *historyEntry) add(d *document) {
	d.add("<li id=\"m%d\" class=\"%s\"", e.ID, e.Class)
	if e.Current {
		d.add(" aria-current=\"true\"")
	}
	d.add(`>
<p class="author"><bdi class="name">%s</bdi></p>
<a class="at" href="%s"><time datetime="%s">%s</time></a>
<p class="text" dir="auto">`, e.From, e.URL, e.At, e.Clock)
	if e.Action {
		d.add("<bdi class=\"name\">%s</bdi> ", e.From)
	}
	d.add("%s</p>\n</li>\n", e.Text)
}
