package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"partyline/client"
	"partyline/cmd/partyline/internal/state"
)

const aboutTalk = `talk enters a room of a server.

On a terminal it shows rooms, private conversations and searches, above a line to type in. /help lists
the commands and the keys. Without --nick it starts with the last name at this server. It opens the rooms that
were open there, with what was said since, and shows the last one, or that of --room. NO_COLOR turns the
colours off.

In a pipe, which means that the input or the output is not a terminal, and with --json, it says
each line of its input as it is, and prints each event of the room as one line. At the end of
the input it waits until the server has acknowledged every line, prints the events that have
arrived, and exits. With an input of /dev/null it only prints, until it is interrupted. It also
exits when nobody reads its output any more, as in talk | head -1. If the connection breaks, it
connects again, misses nothing, and says nothing twice. If the server can't store a line for now,
talk keeps it and those after it, and tries again. Errors are lines on standard error.

ADDRESS is host:4000, tcp://host, tls://host, unix:/path, ws://host/ws, wss://host/ws, or the
address of the page, as in https://chat.example/. A host alone is tried with wss, ws and tcp.
Without ADDRESS it is the last server.

The last server, and the last message read in each room by each --nick, are remembered in
$XDG_STATE_HOME/partyline, or ~/.local/state/partyline.

Exit status:
  0  every line is acknowledged
  1  another error, such as one of reading the input or of printing
  2  a wrong flag or argument
  3  the server can't be reached
  4  the server refused the client or a line
  5  no acknowledgement came within --wait, or before an interrupt`

const talkExamples = `  tail -f app.log | partyline talk chat.example --nick web1
  partyline talk chat.example:4000 | grep -i deploy
  partyline talk https://chat.example/ --room ops --since last --json </dev/null | jq -r .text`

// A talk holds the flags of the command talk, and what it remembers.
type talk struct {
	options client.Options
	wait    time.Duration // for the next acknowledgement
	since   string        // "", "last" or an id
	json    bool
	inline  bool
	bell    bool

	dir   *state.Dir // nil if there is none
	intro []string   // what the screen says first
}

// newTalkCommand returns the command that enters a room.
func newTalkCommand() *cobra.Command {
	t := &talk{}
	cmd := &cobra.Command{
		Use:     "talk [ADDRESS]",
		Short:   "Enter a room, in a pipe or on a terminal",
		Long:    aboutTalk,
		Example: talkExamples,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &exitError{exitUsage, errors.New("talk takes one address; flags start with --, as in --nick alice")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			t.dir, _ = state.UserDir() // without one, talk remembers nothing
			address, err := t.address(args)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			signal.Ignore(syscall.SIGPIPE) // a write to a pipe without a reader is an error
			if !t.json && isTerminal(cmd.InOrStdin()) && isTerminal(cmd.OutOrStdout()) {
				return t.onTerminal(cmd, address)
			}
			return t.inPipe(cmd, address)
		},
	}
	cmd.SetFlagErrorFunc(usageError)
	f := cmd.Flags()
	f.SortFlags = false
	speakerFlags(f, &t.options, &t.wait)
	f.Var(&value[string]{to: &t.since, parse: parseSince, kind: "id"}, "since",
		"show the messages after this id first; 0 for all, last for those after the last one that this --nick has read here")
	boolVar(f, &t.json, "json", "print each event as a JSON object, as docs/protocol.md describes it")
	boolVar(f, &t.inline, "inline", "on a terminal: print above the input, and keep the terminal's own scrollback and selection")
	boolVar(f, &t.bell, "bell", "on a terminal: ring the bell when somebody mentions you")
	return cmd
}

// parseSince parses the flag --since.
func parseSince(s string) (string, error) {
	if id, err := strconv.ParseInt(s, 10, 64); s == "" || s == "last" || err == nil && id >= 0 {
		return s, nil
	}
	return "", errors.New("is not the id of a message, or last")
}

// address returns the address of the server: the argument, or that of the last server.
func (t *talk) address(args []string) (string, error) {
	if len(args) > 0 {
		_, err := client.Addresses(args[0])
		return args[0], err
	}
	if t.dir != nil {
		if s, err := t.dir.Load(); err == nil && s.Last != "" {
			return s.Last, nil
		}
	}
	return "", errors.New("talk needs an address, as there is no last server: partyline talk host:4000")
}

// dial connects to a server. It sets Since of the options.
func (t *talk) dial(ctx context.Context, address string) (*client.Client, error) {
	var err error
	if t.options.Since, err = t.start(address); err != nil {
		return nil, err
	}
	c, err := client.Dial(ctx, address, t.options)
	if err != nil {
		return nil, dialError(err)
	}
	return c, nil
}

// start returns client.Options.Since for the flag --since.
func (t *talk) start(address string) (int64, error) {
	switch t.since {
	case "":
		return 0, nil
	case "last":
		id, known, err := t.lastRead(address)
		return since(id, known), err
	}
	id, _ := strconv.ParseInt(t.since, 10, 64)
	return since(id, true), nil
}

// since returns client.Options.Since for the last message that a member has read, whose id is 0 if there is none. If it
// is not known, only new messages follow.
func since(id int64, known bool) int64 {
	if known && id == 0 {
		return client.All
	}
	return id
}

// lastRead returns the stored position in the room, and whether there is one.
func (t *talk) lastRead(address string) (id int64, known bool, err error) {
	if t.dir == nil {
		return 0, false, errors.New("--since last: neither XDG_STATE_HOME nor HOME says where the last id is")
	}
	s, err := t.dir.Load()
	if err != nil {
		return 0, false, fmt.Errorf("--since last: %w", err)
	}
	addresses, err := client.Addresses(address)
	if err != nil {
		return 0, false, err
	}
	if _, server := s.Find(addresses...); server != nil {
		id, known = server.Position(t.options.Nick, t.room(address))
	}
	return id, known, nil
}

// lobby is the room of a client that names none.
const lobby = "lobby"

// room returns the name of the room that the client enters first.
func (t *talk) room(address string) string { return cmp.Or(t.chosenRoom(address), lobby) }

// chosenRoom returns the room of the options, or else that of the address, or "".
func (t *talk) chosenRoom(address string) string {
	room := t.options.Room
	if u, err := url.Parse(address); err == nil && room == "" {
		room = u.Query().Get("room")
	}
	return room
}

// isBare reports whether an address may mean several servers.
func isBare(address string) bool {
	list, err := client.Addresses(address)
	return err == nil && len(list) > 1
}

// isTerminal reports whether f is a terminal.
func isTerminal(f any) bool {
	file, ok := f.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
