//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"partyline/cmd/partyline/internal/load"
)

// benchConfig is what bench's command line decides beside the plan.
type benchConfig struct {
	format []string
	self   bool
	json   bool
	plot   string
}

const aboutBench = `bench brings members to a server and lets some of them talk: how many messages it
carries, how long they take and, with --self, what they cost the server. It checks what
it measures: every member has to hear every message, once, in the same order; where one
does not, bench ends with 1.

The server is the one that listens on this machine, unless --addr and --url name another,
a proxy in front of one perhaps, or --self starts one for the occasion. That one takes its
settings from the environment (PARTYLINE_HISTORY=0).

A closed loop (--window) shows what the server can do; a steady --rate shows what those
who talk notice.`

const benchExamples = `  partyline bench --self --tcp 1000 --talkers 50
  partyline bench --self --ws 500 --tcp 500 --format text,json --rate 100
  partyline bench --ws 200 --url ws://chat.example.org/ws --rate 10 --for 1m --plot out.svg`

// newBenchCommand returns the command that measures a server.
func newBenchCommand() *cobra.Command {
	var b benchConfig
	p := load.Plan{AllowRemote: true}
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
	intVar(f, &p.TCP, "tcp", 0, 0, math.MaxInt32, "members over TCP")
	intVar(f, &p.WS, "ws", 0, 0, math.MaxInt32, "members over WebSocket")
	f.StringSliceVar(&b.format, "format", []string{"text"}, "text or json; or both kinds, as text,json: TCP's and WebSocket's")
	intVar(f, &p.Talkers, "talkers", 1, 0, math.MaxInt32, "how many of the members talk")
	intVar(f, &p.Window, "window", 4, 0, math.MaxInt32, "messages that a talker has on the way; it says the next when one comes back")
	floatVar(f, &p.Rate, "rate", 0, "instead: messages a second, of all talkers together")
	intVar(f, &p.Size, "size", 100, 0, math.MaxInt32, "bytes of a message")
	intVar(f, &p.Stuck, "stuck", 0, 0, math.MaxInt32, "further members, who never read")
	intVar(f, &p.Rooms, "rooms", 1, 0, math.MaxInt32, "rooms over which the members are spread")
	f.StringVar(&p.Room, "room", "", `the room, or the start of their names; "bench", or the lobby with --self`)
	durationVar(f, &p.For, "for", 10*time.Second, 0, "how long is measured")
	intVar(f, &p.Messages, "messages", 0, 0, math.MaxInt64, "instead: how many messages are said")
	f.StringVar(&p.Addr, "addr", "127.0.0.1:4000", "the server's address for --tcp")
	f.StringVar(&p.URL, "url", "ws://127.0.0.1:8080/ws", "the server's address for --ws")
	boolVar(f, &b.self, "self", "start a server for this, as a process of its own")
	boolVar(f, &b.json, "json", "print the report as JSON")
	f.StringVar(&b.plot, "plot", "", "draw latency and throughput into this SVG file")
	return cmd
}

// complete puts together what the flags say.
func (b *benchConfig) complete(p *load.Plan, cmd *cobra.Command) error {
	addr, url := cmd.Flags().Changed("addr"), cmd.Flags().Changed("url")
	switch {
	case b.self && (addr || url):
		return errors.New("--self starts the server: there is no --addr and no --url")
	case url && !addr && p.TCP > 0:
		return errors.New("--url without --addr: where do the members over TCP go?")
	case addr && !url && p.WS > 0:
		return errors.New("--addr without --url: where do the members over WebSocket go?")
	case cmd.Flags().Changed("rate") && cmd.Flags().Changed("window"):
		return errors.New("--rate and --window: either a steady rate or a closed loop")
	case len(b.format) < 1 || len(b.format) > 2:
		return errors.New("--format is text or json, or two of them: TCP's and WebSocket's")
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
	progress, done := progressBar(cmd)
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

// progressBar returns what shows a run's progress on a terminal, and what takes that away.
func progressBar(cmd *cobra.Command) (load.Progress, func()) {
	w, ok := cmd.ErrOrStderr().(*os.File)
	if !ok || !term.IsTerminal(int(w.Fd())) {
		return func(string, int64, int64) {}, func() {}
	}
	var bar *progressbar.ProgressBar
	stage := ""
	next := func(s string, of int64) {
		if bar != nil {
			bar.Finish()
		}
		stage = s
		bar = progressbar.NewOptions64(of,
			progressbar.OptionSetWriter(w),
			progressbar.OptionSetDescription(s+strings.Repeat(" ", max(0, 9-len(s)))),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
	}
	progress := func(s string, done, of int64) {
		if s != stage {
			next(s, of)
		}
		bar.Set64(min(done, of))
	}
	return progress, func() {
		if bar != nil {
			bar.Finish()
		}
	}
}
