package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// A parsedPage is the tree of a page.
type parsedPage struct{ root *html.Node }

func parsePage(t *testing.T, text string) parsedPage {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return parsedPage{root}
}

// all returns the elements with a tag, or all elements if it is "".
func (p parsedPage) all(tag string) (found []*html.Node) {
	for n := range p.root.Descendants() {
		if n.Type == html.ElementNode && (tag == "" || n.Data == tag) {
			found = append(found, n)
		}
	}
	return found
}

// attribute returns the value of an attribute, or "".
func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// ids returns the ids of the messages.
func (p parsedPage) ids(t *testing.T) (ids []int64) {
	t.Helper()
	for _, n := range p.all("li") {
		id, err := strconv.ParseInt(strings.TrimPrefix(attribute(n, "id"), "m"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// current returns the id attributes of the messages that are marked.
func (p parsedPage) current() string {
	var ids []string
	for _, n := range p.all("li") {
		if attribute(n, "aria-current") == "true" && slices.Contains(strings.Fields(attribute(n, "class")), "current") {
			ids = append(ids, attribute(n, "id"))
		}
	}
	return strings.Join(ids, " ")
}

// rels returns the URLs of the links in the head, by their relation.
func (p parsedPage) rels() map[string]string {
	rels := make(map[string]string)
	for _, n := range p.all("link") {
		rels[attribute(n, "rel")] = attribute(n, "href")
	}
	return rels
}

// checkLinks requests what a page refers to, but only one of the other messages.
func (p parsedPage) checkLinks(t *testing.T, h http.Handler, at string) {
	t.Helper()
	checked := make(map[string]bool)
	for _, n := range p.all("nav") {
		if strings.TrimSpace(textOf(n)) == "" {
			t.Errorf("%s has a nav without links", at)
		}
	}
	for _, n := range p.all("") {
		target := resolve(t, at, attribute(n, "href")+attribute(n, "src"))
		kind := target
		if attribute(n, "class") == "at" {
			kind = "message"
		}
		if target == "" || checked[kind] {
			continue
		}
		checked[kind] = true
		if res := get(t, h, "GET", target); res.StatusCode != http.StatusOK {
			t.Errorf("%s refers to %s: %s", at, target, res.Status)
		}
	}
	if len(checked) < 4 {
		t.Errorf("%s refers only to %v", at, checked)
	}
}

// shape returns the elements of a page with their attributes, without the values of those that have
// the id, the room or the class of a hue.
func (p parsedPage) shape() string {
	var b strings.Builder
	for n := range p.root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			b.WriteString("<" + n.Data)
			for _, a := range n.Attr {
				b.WriteString(" " + a.Key)
				if a.Key != "href" && a.Key != "src" && a.Key != "class" {
					b.WriteString("=" + a.Val)
				}
			}
			b.WriteString(">\n")
		case html.CommentNode:
			b.WriteString("<!-->\n")
		case html.DoctypeNode:
			b.WriteString("<!doctype>\n")
		}
	}
	return b.String()
}

// textOf returns the text in a node.
func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// with returns the texts of the elements with a class.
func (p parsedPage) with(class string) (texts []string) {
	for _, n := range p.all("") {
		if slices.Contains(strings.Fields(attribute(n, "class")), class) {
			texts = append(texts, textOf(n))
		}
	}
	return texts
}
