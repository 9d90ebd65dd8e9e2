package app

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"partyline/cmd/partyline/internal/doctor"
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

Exit status:
  0  nothing is wrong; see also what could not be checked
  1  something is wrong
  2  a wrong flag or argument
  3  the URL can't be reached`

// newDoctorCommand returns the command that examines the proxy in front of a server.
func newDoctorCommand() *cobra.Command {
	opts := doctor.Options{Idle: 30 * time.Second, Timeout: 10 * time.Second}
	cmd := &cobra.Command{
		Use:   "doctor URL",
		Short: "Find what is wrong with the proxy in front of a server",
		Long:  aboutDoctor,
		Args:  func(c *cobra.Command, args []string) error { return usageError(c, cobra.ExactArgs(1)(c, args)) },
		RunE: func(cmd *cobra.Command, args []string) error {
			site, err := doctor.ParseSite(args[0])
			if err != nil {
				return &exitError{exitUsage, err}
			}
			opts.Site = site
			return examine(cmd, opts)
		},
	}
	cmd.SetFlagErrorFunc(usageError)
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&opts.Connect, "connect", "", "address host:port to connect to in place of that of the URL")
	f.StringVar(&opts.TCP, "tcp", "", "address host:port of the TCP listener; by default the host of the URL and the port at which the server listens")
	durationVar(f, &opts.Idle, "idle", 0, "maximum time to wait for a ping over the idle WebSocket; 0 for no wait")
	durationVar(f, &opts.Timeout, "timeout", time.Millisecond, "maximum time for each other answer")
	return cmd
}

// examine prints what doctor finds.
func examine(cmd *cobra.Command, opts doctor.Options) error {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "Examining %s, which takes up to %v.\n\n", opts.Site.URL("/"), max(opts.Idle, opts.Timeout))
	seen := doctor.Observe(cmd.Context(), opts)
	if err := cmd.Context().Err(); err != nil {
		return err
	}
	findings := doctor.Diagnose(seen)
	if err := doctor.Print(out, findings); err != nil {
		return err
	}
	switch {
	case seen.Page.Err != nil:
		return &exitError{exitUnreachable, nil}
	case doctor.HasWrong(findings):
		return &exitError{1, nil}
	}
	return nil
}
