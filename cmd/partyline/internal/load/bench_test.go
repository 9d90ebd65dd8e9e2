//go:build linux

package load

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"

	"partyline/cmd/partyline/internal/certs/certstest"
)

// Environment variables of TestBench, which `make bench` sets.
const (
	rowsVariable   = "BENCH"     // a regular expression that selects rows
	roundsVariable = "BENCHRUNS" // the number of rounds; 5 if it is not set
)

// TestBench compares partyline with queue-per-member and the floor, and prints which goals it
// meets. Each round runs every variant once, so that other work of the machine affects all
// of them. Ratios are computed within a round. The printed figures are the medians of all
// rounds.
func TestBench(t *testing.T) {
	wanted := os.Getenv(rowsVariable)
	if wanted == "" {
		t.Skipf("%s is not set: run make bench", rowsVariable)
	}
	runs, err := strconv.Atoi(os.Getenv(roundsVariable))
	if err != nil || runs < 1 {
		runs = 5
	}
	var chosen []row
	var names []string // of variants
	for _, r := range rows {
		if !regexp.MustCompile(wanted).MatchString(r.name) {
			continue
		}
		chosen = append(chosen, r)
		for _, name := range r.uses {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	program := filepath.Join(t.TempDir(), "partyline")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", program, "partyline/cmd/partyline").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	rounds := make([]round, runs)
	for i := range rounds {
		rounds[i] = make(round)
		for _, name := range names {
			fmt.Fprintf(os.Stderr, "\rround %d of %d: %-20s", i+1, runs, name)
			rep, err := measureVariant(t, program, variants[name])
			if err == nil {
				err = rep.Err()
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			rounds[i][name] = rep
		}
	}
	fmt.Fprintf(os.Stderr, "\r%-50s\r", "")
	fmt.Printf("%d processors, shared with the load generator; %s; medians of %d\n\n", runtime.NumCPU(), runtime.Version(), runs)
	printFigures(os.Stdout, chosen, rounds)
	fmt.Println()
	printVariants(os.Stdout, names, rounds)
}

// measureVariant runs a variant once, on a server of its own.
func measureVariant(t *testing.T, program string, v variant) (*Report, error) {
	cmd := serverCommand(v.server)
	if v.server == "partyline" || v.server == "disk" || v.server == "tls" {
		cmd = exec.Command(program, "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--log-format", "json")
		switch v.server {
		case "disk":
			cmd.Args = append(cmd.Args, "--data", t.TempDir(), "--sync", "full")
		case "tls":
			cert, key := certstest.NewAuthority(t).IssueNow(t, "localhost")
			certFile, keyFile := certstest.Write(t, t.TempDir(), cert, key)
			cmd.Args = append(cmd.Args, "--tls-cert", certFile, "--tls-key", keyFile)
		}
		for _, variable := range os.Environ() {
			if !strings.HasPrefix(variable, "PARTYLINE_") {
				cmd.Env = append(cmd.Env, variable)
			}
		}
		cmd.Env = append(cmd.Env, "PARTYLINE_RATE=0")
	}
	s, err := Start(t.Context(), cmd)
	if err != nil {
		return nil, err
	}
	defer s.Stop()
	p := withDefaults(v.plan)
	p.Addr, p.URL = s.TCP, "ws://"+s.HTTP+"/ws"
	if err := p.Check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(t.Context())
	wait, err := v.historyClients.start(ctx, s.TCP)
	if err != nil {
		cancel()
		return nil, err
	}
	defer wait()
	defer cancel()
	runtime.GC() // before the measured interval
	return Run(t.Context(), p, s, noProgress)
}

// median returns the median of a number in the rounds. With an even number of rounds it is
// the lower of the two middle values.
func median(rounds []round, of func(round) float64) float64 {
	values := make([]float64, len(rounds))
	for i, r := range rounds {
		values[i] = of(r)
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// printFigures prints the figures and their goals as a Markdown table.
func printFigures(w io.Writer, chosen []row, rounds []round) {
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintln(t, "| case\t| figure\t| measured\t| least and most\t| goal\t| met\t|")
	fmt.Fprintln(t, "|---\t|---\t|---\t|---\t|---\t|---\t|")
	for _, r := range chosen {
		name := r.name
		for _, f := range r.figures {
			value := median(rounds, f.of)
			least, most := f.of(rounds[0]), f.of(rounds[0])
			for _, r := range rounds {
				least, most = min(least, f.of(r)), max(most, f.of(r))
			}
			sign, ok := "≤", value <= f.bound
			if f.atLeast {
				sign, ok = "≥", value >= f.bound
			}
			met := "yes"
			if !ok {
				met = "NO"
			}
			fmt.Fprintf(t, "| %s\t| %s\t| %.3g %s\t| %.3g to %.3g\t| %s %.3g %s\t| %s\t|\n",
				name, f.what, value, f.unit, least, most, sign, f.bound, f.unit, met)
			name = ""
		}
	}
	t.Flush()
}

// printVariants prints the reports of the variants as a Markdown table.
func printVariants(w io.Writer, names []string, rounds []round) {
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintln(t, "| server\t| work\t| deliveries/s\t| CPU a delivery\t| p50\t| p99\t| max\t| peak memory\t|")
	fmt.Fprintln(t, "|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|")
	for _, name := range names {
		of := func(f func(*Report) float64) float64 { return median(rounds, valueOf(f, name)) }
		p := rounds[0][name].Plan
		fmt.Fprintf(t, "| %s\t| %s\t| %s\t| %.3g µs\t| %s\t| %s\t| %s\t| %.1f MB\t|\n",
			variants[name].server, p.String(), count(int64(of(rate))), of(cpu),
			duration(of(func(r *Report) float64 { return r.Latency.P50 })), duration(of(p99)),
			duration(of(func(r *Report) float64 { return r.Latency.Max })),
			of(func(r *Report) float64 { return float64(r.Server.Peak) / 1e6 }))
	}
	t.Flush()
}
