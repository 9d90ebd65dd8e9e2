package app

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"partyline/cmd/partyline/internal/doctor"
	"partyline/hub"
	"partyline/hub/directory/natsdir"
	"partyline/hub/history/jetstream"
)

const aboutDoctor = `doctor asks a running server, through the proxy in front of it, what arrives there, and
prints what is wrong and the line to add to the configuration of nginx, Caddy or HAProxy.

URL is the address of the page, as in a browser. On the machine of the server, or on one that
--exempt of the server lists, doctor also learns what has arrived, from /debug/proxy: run it
there, with --connect 127.0.0.1:443 if the name of the page leads elsewhere.

It requests /, /healthz and /debug/proxy, opens a WebSocket as a page does, and waits for a ping. It
does so as a guest in a room of its own, so that no other member notices, and says nothing.
It also connects to the TCP listener twice, without a PROXY header and with one from 192.0.2.1, and
leaves before the room learns of it.

With the URLs of several servers it examines whether they share their rooms. A guest on each of them
enters a room of its own, says one line, which the history of that room keeps, and takes a name.

With --nats it examines the NATS servers. Give it the --nats flags, and --max-line, that the servers
have. It stores a probe in each stream, which members do not see, and creates a stream that is missing
and deletes it again.

Exit status:
  0  nothing is wrong; see also what could not be checked
  1  something is wrong
  2  a wrong flag or argument
  3  the URL, or each of several, or NATS can't be reached`

// An examination is what doctor is asked to do.
type examination struct {
	sites   []*doctor.Site
	options doctor.Options // of the examination of one site
	nats    natsFlags
	maxLine int
}

// newDoctorCommand returns the command that examines servers, the proxy in front of one, and NATS.
func newDoctorCommand() *cobra.Command {
	x := examination{options: doctor.Options{Idle: 30 * time.Second, Timeout: 10 * time.Second}, nats: defaultNATS, maxLine: hub.DefaultMaxLine}
	cmd := &cobra.Command{
		Use:   "doctor [--nats URL] [URL]...",
		Short: "Find what is wrong with the proxy in front of a server, or with a cluster",
		Long:  aboutDoctor,
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, arg := range args {
				site, err := doctor.ParseSite(arg)
				if err != nil {
					return &exitError{exitUsage, err}
				}
				x.sites = append(x.sites, site)
			}
			switch {
			case len(args) == 0 && len(x.nats.URLs) == 0:
				return &exitError{exitUsage, errors.New("doctor needs the URL of a page, or --nats")}
			case len(args) != 1 && (x.options.Connect != "" || x.options.TCP != ""):
				return &exitError{exitUsage, errors.New("--connect and --tcp are for one URL")}
			}
			return x.run(cmd)
		},
	}
	cmd.SetFlagErrorFunc(usageError)
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&x.options.Connect, "connect", "", "address host:port to connect to in place of that of the URL")
	f.StringVar(&x.options.TCP, "tcp", "", "address host:port of the TCP listener; by default the host of the URL and the port at which the server listens")
	durationVar(f, &x.options.Idle, "idle", 0, "maximum time to wait for a ping over the idle WebSocket; 0 for no wait")
	durationVar(f, &x.options.Timeout, "timeout", time.Millisecond, "maximum time for each other answer")
	x.nats.addFlags(f)
	addMaxLine(f, &x.maxLine)
	return cmd
}

// run prints what doctor finds.
func (x *examination) run(cmd *cobra.Command) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	var findings []doctor.Finding
	isUnreachable := false
	if len(x.nats.URLs) > 0 {
		fmt.Fprintf(out, "Examining NATS, with up to %v for each answer.\n", x.options.Timeout)
		seen, err := jetstream.Inspect(ctx, x.nats.options(jetstream.Options{MaxText: x.maxLine}),
			natsdir.Bucket(x.nats.Stream), natsdir.Subjects(x.nats.Stream), x.options.Timeout)
		if err != nil {
			return err
		}
		isUnreachable = !seen.Reached()
		findings = doctor.DiagnoseNATS(seen)
	}
	switch {
	case len(x.sites) == 1:
		x.options.Site = x.sites[0]
		fmt.Fprintf(out, "Examining %s, which takes up to %v.\n", x.options.Site.URL("/"), max(x.options.Idle, x.options.Timeout))
		seen := doctor.Observe(ctx, x.options)
		isUnreachable = isUnreachable || seen.Page.Err != nil
		findings = append(findings, doctor.Diagnose(seen)...)
	case len(x.sites) > 1:
		var urls []string
		for _, site := range x.sites {
			urls = append(urls, site.URL("/"))
		}
		fmt.Fprintf(out, "Examining %s, with up to %v for each answer.\n", strings.Join(urls, ", "), x.options.Timeout)
		seen := doctor.ObserveCluster(ctx, x.sites, x.options.Timeout)
		isUnreachable = isUnreachable || !seen.Reached()
		findings = append(findings, doctor.DiagnoseCluster(seen)...)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	if err := doctor.Print(out, findings); err != nil {
		return err
	}
	switch {
	case isUnreachable:
		return &exitError{exitUnreachable, nil}
	case doctor.HasWrong(findings):
		return &exitError{1, nil}
	}
	return nil
}
