package screen

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"partyline/client"
	"partyline/cmd/partyline/internal/editor"
	"partyline/cmd/partyline/internal/guard"
	"partyline/cmd/partyline/internal/transcript"
)

// A model is the state of the program. Only the program's goroutine uses it.
type model struct {
	ctx     context.Context
	opts    Options
	mail    *mailbox
	now     func() time.Time
	protect func(func()) // runs the function of another goroutine, and ends the program if it panics

	terminal *guard.Guard // nil in tests

	width, height int
	frame         int // lines that View returned last
	style         transcript.Style
	blurred       bool // the user looks at something else
	views         []*view
	current       int
	printing      bool  // lines are on their way to the terminal
	printedIn     *view // the view that was printed last; nil for none

	kills      editor.Kills
	entered    editor.History
	completion editor.Completion
	searching  *editor.Search // in the lines entered before; nil for none
	paste      *paste         // nil if nothing is to be asked
	rooms      []string       // that the server has named
	roomsAt    time.Time      // when it was asked
	unanswered []*outgoing    // in order
	said       int            // messages
	quitting   bool           // the user has left, and waits for the answers
}

func newModel(ctx context.Context, o Options) *model {
	if o.Zone == nil {
		o.Zone = time.Local
	}
	m := &model{ctx: ctx, opts: o, mail: newMailbox(batchInterval), now: time.Now, width: 80, height: 24}
	m.protect = func(f func()) { f() }
	for _, line := range o.History {
		m.entered.Add(line)
	}
	r := m.newRoom(o.Client.Room(), o.Client.Nick())
	r.since = o.Since
	v := m.addView(&view{room: r})
	v.setReading(true)
	for _, text := range o.Intro {
		v.tell(transcript.Notice, text)
	}
	return m
}

// start connects the first room.
func (m *model) start(c *client.Client) { m.views[0].room.start(c) }

// Init starts the clock.
func (m *model) Init() tea.Cmd { return tea.Batch(tick(), tea.RequestBackgroundColor) }

// A ticked says that a second has passed.
type ticked struct{}

func tick() tea.Cmd { return tea.Tick(time.Second, func(time.Time) tea.Msg { return ticked{} }) }

// Update handles what happened.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case batch:
		cmd = m.takeAll(msg)
	case tea.KeyPressMsg:
		cmd = m.key(msg)
	case tea.PasteMsg:
		m.pasted(msg.Content)
	case tea.MouseWheelMsg:
		m.wheel(msg)
	case ticked:
		m.saveRead()
		cmd = tick()
	default:
		if !m.terminalChanged(msg) {
			cmd = m.answered(msg)
		}
	}
	if m.quitting && len(m.unanswered) == 0 {
		cmd = tea.Batch(cmd, tea.Quit)
	}
	return m, tea.Batch(cmd, m.load(m.view()), m.printLines())
}

// terminalChanged handles a message about the terminal. It reports whether msg is one.
func (m *model) terminalChanged(msg tea.Msg) bool {
	style := m.style
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = max(msg.Width, 1), max(msg.Height, 1)
	case tea.FocusMsg:
		m.setBlurred(false)
	case tea.BlurMsg:
		m.setBlurred(true)
	case tea.ColorProfileMsg:
		style.Profile = msg.Profile
	case tea.BackgroundColorMsg:
		style.Light = !msg.IsDark()
	case tea.ModeReportMsg:
		if msg.Mode == ansi.ModeUnicodeCore && (msg.Value.IsSet() || msg.Value.IsReset()) {
			style.Method = ansi.GraphemeWidth // the renderer turns it on
		}
	default:
		return false
	}
	if style != m.style {
		m.style = style
		for _, v := range m.views {
			v.setStyle(style)
		}
	}
	return true
}

// setBlurred says whether the user looks at something else.
func (m *model) setBlurred(blurred bool) {
	if m.blurred != blurred {
		m.blurred = blurred
		m.view().setReading(!blurred)
	}
}

// answered handles the answer to a request.
func (m *model) answered(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case loaded:
		return m.loaded(msg)
	case retry:
		msg.in.loading = false
	case located:
		m.located(msg)
	case found:
		m.found(msg)
	case roomOpened:
		return m.roomOpened(msg)
	case whoAnswer:
		m.whoAnswered(msg)
	case roomsAnswer:
		m.roomsAnswered(msg)
	case renamed:
		m.renameAnswered(msg)
	case printed:
		m.printing = false
	case gaveUp:
		return tea.Quit
	}
	return nil
}

// takeAll handles what the connections report.
func (m *model) takeAll(items batch) tea.Cmd {
	var cmds []tea.Cmd
	before := m.mentions()
	for _, item := range items {
		switch item := item.(type) {
		case arrived:
			cmds = append(cmds, m.arrived(item))
		case answer:
			m.settle(item)
		case ended:
			m.ended(item)
		}
	}
	if m.opts.Bell && m.mentions() > before {
		cmds = append(cmds, tea.Raw("\a"))
	}
	return tea.Batch(cmds...)
}

// arrived adds an event to the view that shows it.
func (m *model) arrived(a arrived) (cmd tea.Cmd) {
	v := m.viewOfConnection(a.from)
	if v == nil {
		return nil // it was closed
	}
	v.room.note(a.event, m.now())
	switch e := a.event.(type) {
	case *client.Welcome:
		if v.room.saved > e.Last {
			v.room.saved = 0 // in a history that is lost
		}
		if m.opts.Welcome != nil {
			m.opts.Welcome(e)
		}
		cmd = m.listRooms(v.room, nil)
	case *client.Private:
		m.private(e)
		return nil
	case *client.Renamed:
		m.renamed(v, e)
	}
	v.add(a.event)
	return cmd
}

// renamed follows a member that takes another name.
func (m *model) renamed(in *view, e *client.Renamed) {
	for _, v := range m.views {
		if v.peer == "" || v == in {
			continue
		}
		if strings.EqualFold(v.peer, e.Nick) {
			v.peer = e.To
			v.add(e)
		} else if in.room == m.anyRoom() { // of all rooms, which have the same event
			v.log.Add(e)
		}
	}
}

// private adds a private message to its conversation.
func (m *model) private(e *client.Private) {
	peer := e.From
	if e.Sent {
		peer = e.To
	}
	m.conversation(peer).add(e)
}

// settle notes the answer to a message. A message that was not sent is shown as such.
func (m *model) settle(a answer) {
	m.unanswered = without(m.unanswered, a.out)
	v := a.out.view
	if a.err == nil {
		v.log.Acked(a.out.key, a.id)
		return
	}
	reason := a.err.Error()
	if errors.Is(a.err, client.ErrInterrupted) {
		reason += ": it may have arrived"
	}
	if !slices.Contains(m.views, v) { // it was closed
		m.refuse("not sent to %s (%s): %s", v.title(), reason, a.out.text)
		return
	}
	v.log.Failed(a.out.key, reason)
	v.print(printable{kind: transcript.Failure, text: "not sent (" + reason + "): " + a.out.text})
}

// ended notes that a client has ended for good.
func (m *model) ended(e ended) {
	v := m.viewOfConnection(e.from)
	if v == nil || m.ctx.Err() != nil {
		return
	}
	reason := e.err.Error()
	var bye *client.ByeError
	if errors.As(e.err, &bye) && bye.Reason == "resumed" {
		reason = "another program has entered this room with your name"
	}
	v.room.state, v.room.reason = closed, reason
	v.tell(transcript.Failure, reason+": /join "+v.room.name+" enters it again")
}

// saveRead notes what the user has read.
func (m *model) saveRead() {
	for _, v := range m.views {
		if m.opts.Read == nil || !v.isRoom() {
			continue
		}
		id := v.log.Read()
		if v.shown && v.log.AtEnd() {
			id = v.log.Newest()
		}
		if id > v.room.saved {
			v.room.saved = id
			m.opts.Read(v.room.name, id)
		}
	}
}

// quit leaves when everything that the user said is answered, or after a while. The second time it leaves
// at once.
func (m *model) quit() tea.Cmd {
	if m.quitting {
		return tea.Quit
	}
	m.quitting = true
	return tea.Tick(flushTime, func(time.Time) tea.Msg { return gaveUp{} })
}

// gaveUp says that the user has waited long enough.
type gaveUp struct{}

// end closes all connections when the program has ended. It returns the messages that were not sent.
func (m *model) end() (unsent []string) {
	m.saveRead()
	var closing sync.WaitGroup
	for _, v := range m.views {
		if v.isRoom() {
			closing.Go(v.room.close)
		}
	}
	closing.Wait()
	for _, item := range m.mail.items {
		if a, ok := item.(answer); ok && a.err == nil {
			m.unanswered = without(m.unanswered, a.out)
		}
	}
	for _, o := range m.unanswered {
		unsent = append(unsent, o.view.title()+": "+o.text)
	}
	return unsent
}
