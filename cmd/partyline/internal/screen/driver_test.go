package screen

import (
	"context"
	"log/slog"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"partyline/client"
	"partyline/hub"
	"partyline/hub/history"
	"partyline/tcpgw"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// A server is a hub with a TCP gateway on loopback.
type server struct {
	address string
	stop    func()
}

// startServer starts a server, and returns its address.
func startServer(t *testing.T) string {
	t.Helper()
	return startServerAt(t, "127.0.0.1:0", history.NewMemory(history.Retention{Messages: 1 << 20})).address
}

// startServerAt starts a server with an address and a history.
func startServerAt(t *testing.T, address string, journal history.Journal) *server {
	t.Helper()
	return startHub(t, address, hub.Options{Journal: journal})
}

// startHub starts a server with an address and options.
func startHub(t *testing.T, address string, o hub.Options) *server {
	t.Helper()
	h := hub.New(o)
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	gateway := &tcpgw.Gateway{Hub: h, MaxLine: hub.DefaultMaxLine, Log: slog.New(slog.DiscardHandler)}
	var serving sync.WaitGroup
	serving.Go(func() { gateway.Serve(ln) })
	stop := sync.OnceFunc(func() {
		ln.Close()
		h.Shutdown(context.Background())
		serving.Wait()
	})
	t.Cleanup(stop)
	return &server{ln.Addr().String(), stop}
}

// dial connects a client.
func dial(t *testing.T, address string, o client.Options) *client.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := client.Dial(ctx, address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// say says messages and waits for the acks.
func say(t *testing.T, c *client.Client, texts ...string) (ids []int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, text := range texts {
		id, err := c.Say(ctx, text)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// A driver runs a model without a terminal, in the goroutine of the test.
type driver struct {
	t       *testing.T
	m       *model
	ctx     context.Context
	msgs    chan tea.Msg
	bell    int      // how often it has rung
	printed []string // above the input
	quit    bool
	end     func() // what follows the end of the program
}

// newDriver returns a driver with a screen of 80 columns and 24 lines.
func newDriver(t *testing.T, address string, co client.Options, o Options) *driver {
	t.Helper()
	o.Client, o.Since, o.Zone = dial(t, address, co), co.Since, time.UTC
	o.Dial = func(ctx context.Context, room string, since int64, token string) (*client.Client, error) {
		return client.Dial(ctx, address, client.Options{Nick: co.Nick, Room: room, Since: since, Token: token})
	}
	ctx, cancel := context.WithCancel(t.Context())
	d := &driver{t: t, m: newModel(ctx, o), ctx: ctx, msgs: make(chan tea.Msg)}
	var running sync.WaitGroup
	running.Go(func() { d.m.mail.run(ctx, d.send) })
	d.end = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		d.m.end()
	})
	t.Cleanup(d.end)
	d.m.start(o.Client)
	go d.run(d.m.openFirst())
	d.update(tea.WindowSizeMsg{Width: 80, Height: 24})
	return d
}

func (d *driver) send(msg tea.Msg) {
	select {
	case d.msgs <- msg:
	case <-d.ctx.Done():
	}
}

// update passes a message to the model, and runs the command that it returns.
func (d *driver) update(msg tea.Msg) {
	switch msg := msg.(type) {
	case tea.QuitMsg:
		d.quit = true
		return
	case tea.RawMsg:
		if msg.Msg == "\a" {
			d.bell++
		}
		return
	}
	if v := reflect.ValueOf(msg); v.IsValid() && v.Type().Name() == "printLineMessage" { // of tea.Println
		d.printed = append(d.printed, strings.Split(ansi.Strip(v.Field(0).String()), "\n")...)
	}
	_, cmd := d.m.Update(msg)
	if cmd != nil {
		go d.run(cmd)
	}
}

// run runs a command as the program does.
func (d *driver) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, cmd := range msg {
			go d.run(cmd)
		}
	default:
		if v := reflect.ValueOf(msg); v.Kind() == reflect.Slice && v.Type().Elem() == reflect.TypeFor[tea.Cmd]() {
			for i := range v.Len() { // of Sequence
				d.run(v.Index(i).Interface().(tea.Cmd))
			}
			return
		}
		d.send(msg)
	}
}

// screen returns what is on the screen, without styles.
func (d *driver) screen() string { return ansi.Strip(d.m.View().Content) }

// await updates the model until what is on the screen is what is wanted.
func (d *driver) await(what string, done func(screen string) bool) {
	d.t.Helper()
	timeout := time.After(patience)
	for !done(d.screen()) {
		select {
		case msg := <-d.msgs:
			d.update(msg)
		case <-timeout:
			d.t.Fatalf("waiting for %s; the screen is:\n%s", what, d.screen())
		}
	}
}

// see waits until the screen has texts, in any order.
func (d *driver) see(texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		d.await(text, func(screen string) bool { return strings.Contains(screen, text) })
	}
}

// gone waits until the screen does not have a text.
func (d *driver) gone(text string) {
	d.t.Helper()
	d.await("no "+text, func(screen string) bool { return !strings.Contains(screen, text) })
}

// status waits until the status line has texts.
func (d *driver) status(texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		d.await("the status "+text, func(screen string) bool {
			lines := strings.Split(screen, "\n")
			return len(lines) > 1 && strings.Contains(lines[len(lines)-2], text)
		})
	}
}

// keys presses keys. A name in angle brackets is a key, such as <enter> or <alt+1>; the rest is typed.
func (d *driver) keys(s string) {
	for s != "" {
		if rest, ok := strings.CutPrefix(s, "<"); ok {
			if name, rest, ok := strings.Cut(rest, ">"); ok {
				d.update(keyPress(name))
				s = rest
				continue
			}
		}
		r := []rune(s)[0]
		d.update(tea.KeyPressMsg{Code: r, Text: string(r)})
		s = s[len(string(r)):]
	}
}

func keyPress(name string) tea.KeyPressMsg {
	var k tea.KeyPressMsg
	for _, mod := range []struct {
		name string
		mod  tea.KeyMod
	}{{"ctrl+", tea.ModCtrl}, {"alt+", tea.ModAlt}, {"shift+", tea.ModShift}} {
		if rest, ok := strings.CutPrefix(name, mod.name); ok {
			name = rest
			k.Mod |= mod.mod
		}
	}
	codes := map[string]rune{
		"enter": tea.KeyEnter, "tab": tea.KeyTab, "esc": tea.KeyEscape, "up": tea.KeyUp, "down": tea.KeyDown,
		"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd, "backspace": tea.KeyBackspace,
	}
	if code, ok := codes[name]; ok {
		k.Code = code
	} else {
		k.Code = []rune(name)[0]
	}
	return k
}
