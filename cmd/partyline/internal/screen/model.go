package screen

import (
	"context"
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
	blurred       bool // the terminal does not have the focus
	views         []*view
	current       int
	previous      *view // that was shown before; nil for none; it may be closed
	printing      bool  // lines are on their way to the terminal
	printedIn     *view // the view that was printed last; nil for none

	saved saved
	typing
	rooms      []string    // that the server has named
	roomsAt    time.Time   // when it was asked
	unanswered []*outgoing // in order
	said       int         // messages
	leaving
}

// A typing is the state of the input, besides the line of each view.
type typing struct {
	kills      editor.Kills
	entered    editor.History
	completion editor.Completion
	searching  *editor.Search // in the lines entered before; nil for none
	paste      *paste         // nil if nothing is to be asked
}

// A leaving is how far the end of the program is.
type leaving struct {
	quitting bool           // the user has left, and waits for the answers
	exiting  bool           // the program ends
	closing  sync.WaitGroup // connections and clients that are being closed
	parting  string         // what the user said when leaving
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
	m.addRooms()
	v := m.view()
	v.setReading(true)
	for _, text := range o.Intro {
		v.tell(transcript.Notice, text)
	}
	return m
}

// addRooms adds the rooms with which the program starts, and shows that of the first client.
func (m *model) addRooms() {
	first := m.opts.Client.Room()
	isFirst := func(p Place) bool { return strings.EqualFold(p.Room, first) }
	places := m.opts.Rooms
	if !slices.ContainsFunc(places, isFirst) {
		places = append(slices.Clip(places), Place{Room: first})
	}
	for _, p := range places {
		if m.findRoom(func(r *room) bool { return strings.EqualFold(r.name, p.Room) }) != nil {
			continue
		}
		if isFirst(p) {
			p = Place{first, m.opts.Since}
			m.current = len(m.views)
		}
		m.addView(&view{room: m.newRoom(p.Room, m.opts.Client.Nick(), p.Since)})
	}
}

// start connects the first room.
func (m *model) start(c *client.Client) { m.view().room.start(c) }

// Init starts the clock, and opens the other rooms.
func (m *model) Init() tea.Cmd { return tea.Batch(tick(), tea.RequestBackgroundColor, m.openFirst()) }

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
		m.save()
		cmd = tick()
	default:
		if !m.terminalChanged(msg) {
			cmd = m.answered(msg)
		}
	}
	printing := m.printLines()
	if m.quitting && len(m.unanswered) == 0 && !m.printing {
		cmd = tea.Batch(cmd, m.exit())
	}
	return m, tea.Batch(cmd, m.load(m.view()), printing)
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

// setBlurred says whether the terminal has lost the focus.
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
		m.roomOpened(msg)
	case whoAnswer:
		m.whoAnswered(msg)
	case roomsAnswer:
		m.roomsAnswered(msg)
	case renamed:
		m.renameAnswered(msg)
	case printed:
		m.printing = false
	case gaveUp:
		return m.exit()
	}
	return nil
}
