package screen

import (
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"partyline/client"
	"partyline/cmd/partyline/internal/transcript"
	"partyline/hub/wire"
)

const (
	// pageSize is how many messages are asked for at once.
	pageSize = 100
	// defaultLast is how many messages /history shows without a number.
	defaultLast = 20
)

// The answers of the history.
type (
	// loaded is a page of messages for a log.
	loaded struct {
		in       *view
		page     transcript.Page
		messages []*client.Message
		more     bool
		err      error
	}
	// retry says that a page may be asked for again.
	retry struct{ in *view }
	// located is what a command finds in the history: the messages from the first one on are shown.
	located struct {
		in       *view
		messages []*client.Message
		err      error
	}
)

// load asks for the messages that the view wants, if there are some in the history.
func (m *model) load(v *view) tea.Cmd {
	if !v.isRoom() || v.loading || v.room.state != connected || !v.room.caughtUp() {
		return nil
	}
	page, wanted := v.log.Wants()
	if v.printer != nil { // what is printed can't be preceded by something else
		page, wanted = transcript.Page{}, !v.ready
	}
	if !wanted {
		return nil
	}
	v.loading = true
	c, ctx, before := v.room.client, m.ctx, page.ID
	if page == (transcript.Page{}) {
		before = v.firstLive()
	}
	return func() tea.Msg {
		got := loaded{in: v, page: page}
		if page.Newer {
			got.messages, got.more, got.err = c.Since(ctx, page.ID, pageSize)
		} else {
			got.messages, got.more, got.err = c.History(ctx, before, pageSize)
		}
		return got
	}
}

// firstLive returns an id from which on all messages arrive as events.
func (v *view) firstLive() int64 {
	switch r := v.room; {
	case v.printer == nil || r.since == 0: // a log shows what it gets twice once
		return r.last + 1
	case r.since > 0 && r.since <= r.last:
		return r.since + 1
	}
	return 1
}

// loaded adds a page to the log.
func (m *model) loaded(got loaded) tea.Cmd {
	v := got.in
	if got.err != nil {
		const pause = 2 * time.Second
		v.ready = true
		return tea.Tick(pause, func(time.Time) tea.Msg { return retry{v} })
	}
	v.loading = false
	v.log.Load(got.page, got.messages, got.more)
	v.printFirst(got.messages)
	return nil
}

// locate asks for the messages that /history or /since names.
func (m *model) locate(r *room, q *wire.Request) tea.Cmd {
	v, c, ctx := m.viewOf(r), r.client, m.ctx
	return func() tea.Msg {
		got := located{in: v}
		switch {
		case q.Verb == wire.VerbSince:
			got.messages, _, got.err = c.Since(ctx, q.ID, 0)
		case q.Limit == 0:
			got.messages, _, got.err = c.History(ctx, 0, defaultLast)
		default:
			got.messages, _, got.err = c.History(ctx, 0, int(min(q.Limit, maxPage)))
		}
		if got.err == nil && len(got.messages) == 0 {
			got.err = errors.New("no such messages")
		}
		return got
	}
}

// maxPage is the largest page that a server returns.
const maxPage = 500

// located shows messages of the history.
func (m *model) located(got located) {
	v := got.in
	if got.err != nil {
		m.view().tell(transcript.Failure, got.err.Error())
		return
	}
	m.show(v)
	if v.printer == nil {
		v.log.JumpTo(got.messages[0].ID)
		return
	}
	for _, message := range got.messages {
		v.print(printable{event: message})
	}
	v.print(printable{kind: transcript.Notice, text: "end of the history"})
}
