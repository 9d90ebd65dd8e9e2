package screen

import (
	tea "charm.land/bubbletea/v2"

	"partyline/client"
	"partyline/cmd/partyline/internal/transcript"
)

// Results are the messages that a search has found, newest first, from which the user picks one.
type results struct {
	words  string
	oldest int64 // id of the last one
	more   bool  // the server may have found older ones
}

// found is a page of results.
type found struct {
	in       *view
	messages []*client.Message
	more     bool
	err      error
}

// search opens the results of a search in a room.
func (m *model) search(r *room, words string) tea.Cmd {
	v := &view{room: r, results: &results{words: words}}
	v.log = transcript.New(transcript.Options{
		Kind: transcript.Results, Nick: r.nick, Words: words, Style: m.style, Zone: m.opts.Zone, Now: m.now,
	})
	m.show(m.addView(v))
	return m.moreResults(v)
}

// moreResults asks for the next page of results.
func (m *model) moreResults(v *view) tea.Cmd {
	v.loading = true
	c, ctx, res := v.room.client, m.ctx, *v.results
	return func() tea.Msg {
		messages, more, err := c.Search(ctx, res.words, res.oldest, pageSize)
		return found{v, messages, more, err}
	}
}

// found adds a page of results.
func (m *model) found(got found) {
	v, res := got.in, got.in.results
	first := res.oldest == 0
	v.loading = false
	if got.err != nil {
		v.tell(transcript.Failure, got.err.Error())
		return
	}
	res.more = got.more && len(got.messages) > 0
	switch {
	case first && len(got.messages) == 0:
		v.tell(transcript.Answer, "nothing found: no message has all of these words. Esc closes this list")
	case first:
		v.tell(transcript.Answer, "newest first. Up, Down: choose one, Enter: show it in the room, Esc: close this list")
	}
	for _, message := range got.messages {
		res.oldest = message.ID
		v.add(message)
	}
	if first && len(got.messages) > 0 {
		v.log.ToTop()
		v.log.Choose(1)
	}
}

// resultsKey handles a key in a list of results. It reports whether it is one of the list.
func (m *model) resultsKey(v *view, key string) (cmd tea.Cmd, ok bool) {
	switch key {
	case "up":
		v.log.Choose(-1)
	case "down":
		v.log.Choose(1)
	case "esc":
		m.closeView()
		return nil, true
	case "enter":
		id := v.log.Chosen()
		if id == 0 {
			return nil, true
		}
		return m.pick(v, id), true
	default:
		return nil, false
	}
	if res := v.results; res.more && !v.loading && v.log.Chosen() == res.oldest {
		return m.moreResults(v), true
	}
	return nil, true
}

// pick shows a message in its room.
func (m *model) pick(v *view, id int64) tea.Cmd {
	target := m.viewOf(v.room)
	m.show(target)
	if target.printer == nil {
		target.log.JumpTo(id)
		return nil
	}
	const context = 10 // messages before it
	c, ctx := v.room.client, m.ctx
	return func() tea.Msg {
		messages, _, err := c.History(ctx, id+1, context)
		return located{target, messages, err}
	}
}
