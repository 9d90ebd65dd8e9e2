package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"time"
)

// A History has the messages that the pages below /log/ and /m/ show. Its methods may be called from
// any goroutine.
type History interface {
	// Room returns the name of a room in the form in which Read takes it: 1 to 64 of a-z, 0-9, _ and -.
	// An error says what is wrong with the name.
	Room(name string) (string, error)

	// Read returns the messages that a HistoryRange selects, oldest first, and whether there are more
	// beyond the first of them, or beyond the last if Newest is not set. It returns within seconds. A
	// room that does not exist has no messages. An error means that the history can't be read now.
	Read(room string, g HistoryRange) (found []HistoryMessage, more bool, err error)
}

// A HistoryRange selects messages of a room: those with After < ID < Before, at most Limit of them.
type HistoryRange struct {
	After  int64 // 0 for all messages
	Before int64 // 0 for no bound
	Limit  int
	Newest bool // select the newest messages of the range instead of the oldest
}

// A HistoryMessage is a message of a History.
type HistoryMessage struct {
	ID     int64
	At     time.Time
	From   string
	Text   string // LF separates its lines
	Action bool
	Lines  string // the message in the text format of the protocol; LF separates its lines
}

const (
	// historyLimit is the number of messages of a page below /log/.
	historyLimit = 100
	// contextLimit is the number of messages of a page below /m/ before its message, and after it.
	contextLimit = 10
	// historyBytes limits the size of a page, unless its first message alone is larger.
	historyBytes = 64 << 10
	// maxSending is the number of pages that are sent at the same time.
	maxSending = 256
)

// historyPolicy is stricter than policy: these pages have no script.
const historyPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// historyPages serves the history of rooms as HTML and as text. A stranger can request many pages, so
// few are made at the same time, and they are sent without holding anything that others need.
type historyPages struct {
	history History
	making  *places
	sending sending
	log     *slog.Logger
}

func newHistoryPages(h History, exempt func(netip.Addr) bool, log *slog.Logger) *historyPages {
	return &historyPages{history: h, making: newPlaces(exempt), sending: sending{limit: maxSending}, log: log}
}

// addTo adds the pages to the routes.
func (p *historyPages) addTo(r routes) {
	style := readAsset("log", "log.css")
	r.add(style.path, style, pageMethods...)
	r.add("/log/{room}", p.serve("../", p.readLog), pageMethods...)
	r.add("/m/{room}/{id}", p.serve("../../", p.readContext), pageMethods...)
}

// A reader reads what a page shows. If there is no such page, it returns an error of type notFound.
type reader func(room string, r *http.Request) (*historyView, error)

// notFound is an error whose text is the body of a 404.
type notFound string

func (n notFound) Error() string { return string(n) }

// serve returns the handler of the pages that read reads. root is the relative path from such a page
// to that of the chat.
func (p *historyPages) serve(root string, read reader) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", historyPolicy)
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Vary", "Accept")
		room, err := p.history.Room(pathValue(r, "room"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		leave, ok := p.making.take(r.Context(), r.RemoteAddr)
		if !ok {
			unavailable(w, "too many pages are requested: try again in a second")
			return
		}
		answer, err := func() (page, error) {
			defer leave()
			return newPage(root, room, r, read)
		}()
		switch err := err.(type) {
		case nil:
			p.sending.send(w, r, answer)
		case notFound:
			http.Error(w, err.Error(), http.StatusNotFound)
		default:
			p.log.Debug("page not made", "path", r.URL.Path, "err", err)
			unavailable(w, "history can't be read now: try again in a moment")
		}
	})
}

// A page is a response.
type page struct {
	mimeType string
	links    string // the value of its Link header, or ""
	body     []byte
}

func newPage(root, room string, r *http.Request, read reader) (page, error) {
	view, err := read(room, r)
	if err != nil {
		return page{}, err
	}
	view.Root, view.Room = root, room
	if wantsText(r.Header.Values("Accept")) {
		return page{"text/plain; charset=utf-8", view.links(), view.text()}, nil
	}
	return page{mimeTypes[".html"], view.links(), view.html()}, nil
}

// readLog reads a page of a room's messages: the newest ones, or those before or after an id.
func (p *historyPages) readLog(room string, r *http.Request) (*historyView, error) {
	g, err := parseHistoryRange(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	found, more, err := p.history.Read(room, g)
	if err != nil {
		return nil, err
	}
	fitting := fit(found, g.Newest)
	more = more || len(fitting) < len(found)
	v := &historyView{Messages: fitting}
	if g.Newest {
		v.HasEarlier, v.HasLater = more, g.Before > 0
	} else {
		v.HasEarlier, v.HasLater = g.After > 0, more
	}
	v.IsNewest = g == HistoryRange{Limit: historyLimit, Newest: true}
	v.First, v.Last = max(g.After+1, g.Before), max(g.After, g.Before-1) // links from a page without messages
	if n := len(fitting); n > 0 {
		v.First, v.Last = fitting[0].ID, fitting[n-1].ID
	}
	return v, nil
}

// readContext reads a message and the ones around it.
func (p *historyPages) readContext(room string, r *http.Request) (*historyView, error) {
	id, ok := parseID(pathValue(r, "id"))
	if !ok {
		return nil, notFound("not an id: the id of a message is a number")
	}
	upTo, earlier, err := p.history.Read(room, HistoryRange{Before: id + 1, Limit: contextLimit + 1, Newest: true})
	if err != nil {
		return nil, err
	}
	if n := len(upTo); n == 0 || upTo[n-1].ID != id {
		return nil, notFound("no such message: the room has none with this id, or history no longer has it")
	}
	after, later, err := p.history.Read(room, HistoryRange{After: id, Limit: contextLimit})
	if err != nil {
		return nil, err
	}
	before, following := fit(upTo, true), fit(after, false)
	v := &historyView{Current: id, First: before[0].ID, Last: id}
	v.HasEarlier, v.HasLater = earlier || len(before) < len(upTo), later || len(following) < len(after)
	v.Messages = append(append(v.Messages, before...), following...)
	if n := len(following); n > 0 {
		v.Last = following[n-1].ID
	}
	return v, nil
}

// unavailable answers a request that may be repeated soon.
func unavailable(w http.ResponseWriter, text string) {
	w.Header().Set("Retry-After", "1")
	http.Error(w, text, http.StatusServiceUnavailable)
}
