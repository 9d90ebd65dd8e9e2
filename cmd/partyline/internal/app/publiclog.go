package app

import (
	"partyline/hub/history"
	"partyline/hub/names"
	"partyline/web"
)

// A publicLog is the history of a journal as the pages without a script show it.
type publicLog struct{ journal history.Journal }

var _ web.History = publicLog{}

// Room implements [web.History].
func (publicLog) Room(name string) (string, error) { return names.Room(name) }

// Read implements [web.History].
func (l publicLog) Read(room string, g web.HistoryRange) (found []web.HistoryMessage, more bool, err error) {
	page, err := l.journal.Read(room, history.Range{After: g.After, Before: g.Before, Limit: g.Limit, Newest: g.Newest})
	for _, m := range page.Messages {
		found = append(found, web.HistoryMessage{
			ID: m.ID, At: m.At, From: m.From, Text: m.Text, Action: m.Action, Lines: string(m.AppendText(nil)),
		})
	}
	return found, page.More, err
}
