//go:build !portable && !small

package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"partyline/cmd/partyline/internal/load"
)

// benchConfig holds the flags of bench that are not part of the plan.
type benchConfig struct {
	format []string
	self   bool
	json   bool
	plot   string
}

const aboutBench = `bench connects members to a server and measures the messages that some of them say: how
many messages the server carries, how long a message takes and, with --self, what it costs
the server. It also checks the server: every member must receive every message, once, in
the same order. If one does not, bench exits with status 1.

The server is the one that listens on this machine. --addr and --url name another server, or
a proxy; --self starts one. Environment variables such as PARTYLINE_HISTORY=0 configure the
server that --self starts.

A closed loop (--window) shows the maximum throughput of the server. A steady rate (--rate)
shows the latency that people notice.`

const benchExamples = `  partyline bench --self --tcp 1000 --talkers 50
  partyline bench --self --ws 500 --tcp 500 --format text,json --rate 100
  partyline bench --ws 200 --url ws://chat.example.org/ws --rate 10 --for 1m --plot out.svg`

// newBenchCommand returns the command that measures a server.
func newBenchCommand() *cobra.Command {
	b := benchConfig{format: []string{"text"}}
	p := load.Plan{
		AllowRemote: true, Talkers: 1, Window: 4, Size: 100, Rooms: 1, For: 10 * time.Second,
		Addr: "127.0.0.1:4000", URL: "ws://127.0.0.1:8080/ws",
	}
	cmd := &cobra.Command{
		Use:     "bench",
		Short:   "Measure a server with many members",
		Long:    aboutBench,
		Example: benchExamples,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := b.complete(&p, cmd); err != nil {
				return err
			}
			return bench(cmd, b, p)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	intVar(f, &p.TCP, "tcp", 0, math.MaxInt32, "members over TCP")
	intVar(f, &p.WS, "ws", 0, math.MaxInt32, "members over WebSocket")
	f.StringSliceVar(&b.format, "format", b.format, "format of the members: text or json; text,json for text over TCP and JSON over WebSocket")
	intVar(f, &p.Talkers, "talkers", 0, math.MaxInt32, "members that say messages")
	intVar(f, &p.Window, "window", 0, math.MaxInt32, "messages of a talker that are in flight; it says the next one when it has received one of them")
	floatVar(f, &p.Rate, "rate", "messages a second from all talkers together, instead of --window")
	sizeVar(f, &p.Size, "size", 1, 0, gib, "size of a message, in bytes")
	intVar(f, &p.Stuck, "stuck", 0, math.MaxInt32, "additional members that never read")
	intVar(f, &p.Rooms, "rooms", 1, math.MaxInt32, "rooms that the members are spread over")
	f.StringVar(&p.Room, "room", "", `name of the room, or start of the names of several; "" for bench, or with --self for the lobby`)
	durationVar(f, &p.For, "for", 0, "duration of the measurement")
	intVar(f, &p.Messages, "messages", 0, math.MaxInt64, "number of messages after which the measurement ends, instead of --for")
	f.StringVar(&p.Addr, "addr", p.Addr, "address of the server for members over TCP")
	f.StringVar(&p.URL, "url", p.URL, "URL of the server for members over WebSocket")
	boolVar(f, &b.self, "self", "start a server for the measurement, in a process of its own")
	boolVar(f, &b.json, "json", "print the report as JSON")
	fileVar(f, &b.plot, "plot", `SVG file for a plot of latency and throughput; "" for none`, "svg")
	return cmd
}

// complete checks combinations of flags and completes the plan.
func (b *benchConfig) complete(p *load.Plan, cmd *cobra.Command) error {
	addr, url := cmd.Flags().Changed("addr"), cmd.Flags().Changed("url")
	switch {
	case b.self && (addr || url):
		return errors.New("--self starts a server: it excludes --addr and --url")
	case url && !addr && p.TCP > 0:
		return errors.New("--url without --addr: members over TCP need --addr too")
	case addr && !url && p.WS > 0:
		return errors.New("--addr without --url: members over WebSocket need --url too")
	case cmd.Flags().Changed("rate") && cmd.Flags().Changed("window"):
		return errors.New("--rate excludes --window: a steady rate is not a closed loop")
	case len(b.format) < 1 || len(b.format) > 2:
		return errors.New("--format is one format or two: text, json, or text,json")
	}
	p.TCPFormat, p.WSFormat = load.Format(b.format[0]), load.Format(b.format[len(b.format)-1])
	if p.Room == "" && !b.self {
		p.Room = "bench"
	}
	if p.Rate > 0 {
		p.Window = 0
	}
	if p.Messages > 0 {
		p.For = 0
	} else {
		p.Warmup = min(p.For/4, time.Second)
	}
	return p.Check()
}

func bench(cmd *cobra.Command, b benchConfig, p load.Plan) error {
	ctx := cmd.Context()
	var server *load.Process
	if b.self {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		child := exec.Command(self, "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--log-level", "info", "--log-format", "json")
		child.Env = append(os.Environ(), "PARTYLINE_RATE=0")
		if server, err = load.Start(ctx, child); err != nil {
			return err
		}
		defer server.Stop()
		p.Addr, p.URL = server.TCP, "ws://"+server.HTTP+"/ws"
		p.Settle = time.Second
	}
	progress, done := progressLine(cmd)
	rep, err := load.Run(ctx, p, server, progress)
	done()
	if err != nil {
		return err
	}
	if b.plot != "" {
		if err := rep.Plot(b.plot); err != nil {
			return err
		}
	}
	if b.json {
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		err = enc.Encode(rep)
	} else {
		err = rep.WriteTable(cmd.OutOrStdout())
	}
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return rep.Err()
}

// progressLine returns a function that shows the progress of a run in a line, and a function that
// removes the line. Without a terminal both do nothing.
func progressLine(cmd *cobra.Command) (load.Progress, func()) {
	w, ok := cmd.ErrOrStderr().(*os.File)
	if !ok || !term.IsTerminal(int(w.Fd())) {
		return func(string, int64, int64) {}, func() {}
	}
	const pause, eraseRest = 100 * time.Millisecond, "\x1b[K"
	var shown time.Time
	progress := func(stage string, done, of int64) {
		if time.Since(shown) < pause && done < of {
			return
		}
		shown = time.Now()
		fmt.Fprintf(w, "\r%-9s %3d %%"+eraseRest, stage, 100*min(done, of)/max(of, 1))
	}
	return progress, func() { fmt.Fprint(w, "\r"+eraseRest) }
}
