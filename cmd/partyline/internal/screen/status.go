package screen

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// A statusPart is a part of the status line. Forms are from long to short; the last one may be "".
type statusPart struct {
	forms []string
	right bool // at the right end of the line
}

// fitStatus returns a line of a width, in cells as method counts them, that has the longest forms of the parts that
// fit. The first part is the most important one.
func fitStatus(parts []statusPart, width int, method ansi.Method) string {
	chosen := make([]int, len(parts))
	for i := len(parts) - 1; i >= 0; i-- {
		for spare(parts, chosen, width, method) < 0 && chosen[i]+1 < len(parts[i].forms) {
			chosen[i]++
		}
	}
	for i := range parts { // a short form may have made room for others
		for shorter := chosen[i]; chosen[i] > 0; {
			if chosen[i]--; spare(parts, chosen, width, method) < 0 {
				chosen[i] = shorter
				break
			}
			shorter = chosen[i]
		}
	}
	left, right := joinParts(parts, chosen, false), joinParts(parts, chosen, true)
	line := left + strings.Repeat(" ", max(width-method.StringWidth(left)-method.StringWidth(right), 0)) + right
	line = method.Truncate(line, width, "")
	return line + strings.Repeat(" ", max(width-method.StringWidth(line), 0))
}

// spare returns how many cells of the line are empty; it is negative if the parts do not fit.
func spare(parts []statusPart, chosen []int, width int, method ansi.Method) int {
	return width - method.StringWidth(joinParts(parts, chosen, false)) - method.StringWidth(joinParts(parts, chosen, true))
}

func joinParts(parts []statusPart, chosen []int, right bool) string {
	var texts []string
	for i, p := range parts {
		if p.right == right && len(p.forms) > 0 && p.forms[chosen[i]] != "" {
			texts = append(texts, p.forms[chosen[i]])
		}
	}
	if len(texts) == 0 {
		return ""
	}
	return " " + strings.Join(texts, "  ") + " "
}

// statusLine returns the status line, without styles.
func (m *model) statusLine(now time.Time) string {
	v := m.view()
	parts := []statusPart{
		{forms: []string{v.title()}},
		m.linkPart(now),
		{forms: m.unreadForms(), right: true},
	}
	if v.results != nil && v.loading {
		parts = append(parts, statusPart{forms: []string{"searching", ""}})
	}
	if !v.log.AtEnd() && v.results == nil {
		parts = append(parts, scrolledPart(v))
	}
	if r := v.room; r != nil && r.state == connected {
		members := plural(r.count, "member")
		parts = append(parts, statusPart{forms: []string{members, fmt.Sprint(r.count), ""}})
		if latency := r.client.Latency(); latency > 0 {
			parts = append(parts, statusPart{forms: []string{fmt.Sprintf("%d ms", max(1, latency.Milliseconds())), ""}})
		}
	}
	return fitStatus(parts, m.width, m.style.Method)
}

// scrolledPart says how to return to the end of a view, and how many unread messages are there.
func scrolledPart(v *view) statusPart {
	const end = "Esc: to the end"
	if messages, _ := v.log.Unread(); messages > 0 {
		return statusPart{forms: []string{fmt.Sprintf("%s, %d new", end, messages), fmt.Sprintf("%d new", messages)}}
	}
	return statusPart{forms: []string{end, "scrolled"}}
}

// linkPart says whether the view's room is connected.
func (m *model) linkPart(now time.Time) statusPart {
	r := m.view().room
	if r == nil {
		r = m.anyRoom()
	}
	switch r.state {
	case connecting:
		return statusPart{forms: []string{"connecting"}}
	case connected:
		return statusPart{forms: []string{"connected", ""}}
	case disconnected:
		wait := "reconnecting"
		if s := int(r.retry.Sub(now).Round(time.Second) / time.Second); s > 0 {
			wait = fmt.Sprintf("reconnecting in %d s", s)
		}
		return statusPart{forms: []string{wait + ": " + r.reason, wait, "reconnecting", "offline"}}
	}
	return statusPart{forms: []string{"ended: " + r.reason, "ended"}}
}

// unreadForms lists the other views with their numbers, unread messages and mentions: all of them, those
// with unread messages, and those without their names.
func (m *model) unreadForms() []string {
	var all, unread, short []string
	for i, v := range m.views {
		if i == m.current {
			continue
		}
		number := fmt.Sprint(i + 1)
		messages, mentions := v.log.Unread()
		var count string
		if messages > 0 {
			count = fmt.Sprintf(" %d", messages)
		}
		if mentions > 0 {
			count += "!"
		}
		all = append(all, number+":"+v.title()+count)
		if messages > 0 {
			unread = append(unread, number+":"+m.style.Method.Truncate(v.title(), 12, "…")+count)
			short = append(short, number+":"+strings.TrimSpace(count))
		}
	}
	if len(all) == 0 {
		return []string{""}
	}
	forms := []string{strings.Join(all, "  "), strings.Join(unread, "  "), strings.Join(short, " ")}
	const few = 3
	if more := len(short) - few; more > 0 {
		forms = append(forms, fmt.Sprintf("%s +%d", strings.Join(short[:few], " "), more))
	}
	if len(unread) > 0 {
		forms = append(forms, "+")
	}
	return forms
}

// plural returns a number with a noun.
func plural[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
