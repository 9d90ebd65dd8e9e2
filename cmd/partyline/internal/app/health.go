package app

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const aboutHealth = `health asks a server on this machine whether it works, and prints the answer. The image of
partyline has no other program for that.

ADDRESS is an address as --http takes it, which is also the default: the value of
PARTYLINE_HTTP, or else 127.0.0.1:8080. It may also be a URL, as in
http://127.0.0.1:9090/readyz, which --admin 127.0.0.1:9090 answers.

Exit status:
  0  the server works
  1  it does not, or does not answer within --timeout
  2  a wrong flag or argument`

// newHealthCommand returns the command that checks a server.
func newHealthCommand() *cobra.Command {
	timeout := 5 * time.Second
	cmd := &cobra.Command{
		Use:   "health [ADDRESS]",
		Short: "Ask a server whether it works",
		Long:  aboutHealth,
		Args:  func(c *cobra.Command, args []string) error { return usageError(c, cobra.MaximumNArgs(1)(c, args)) },
		RunE: func(cmd *cobra.Command, args []string) error {
			address := DefaultConfig().HTTP
			if set, ok := os.LookupEnv(variable("http")); ok {
				address = set
			}
			if len(args) == 1 {
				address = args[0]
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			return checkHealth(ctx, address, cmd.OutOrStdout())
		},
	}
	cmd.SetFlagErrorFunc(usageError)
	durationVar(cmd.Flags(), &timeout, "timeout", time.Millisecond, "maximum time for the answer")
	return cmd
}

// checkHealth prints the answer of a server. It returns an error unless the status is 200.
func checkHealth(ctx context.Context, address string, out io.Writer) error {
	target, network, dialAddress, err := healthTarget(address)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	var d net.Dialer
	client := http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			if network == "unix" {
				addr = dialAddress
			}
			return d.DialContext(ctx, network, addr)
		},
		DisableKeepAlives: true,
	}}
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	answer := strings.TrimSpace(string(body))
	switch {
	case err != nil:
		return err
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answers %s: %s", address, res.Status, answer)
	}
	_, err = fmt.Fprintln(out, answer)
	return err
}

// healthTarget returns the URL to request, and the network and the address to connect to, of which
// the latter matters only for a unix socket.
func healthTarget(address string) (target, network, dialAddress string, err error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return "http://localhost/healthz", "unix", strings.TrimPrefix(path, "//"), nil
	}
	if u, err := url.Parse(address); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return address, "tcp", "", nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return "", "", "", fmt.Errorf("%q is not the address of a server: want host:port, unix:PATH or a URL", address)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/healthz", "tcp", "", nil
}
