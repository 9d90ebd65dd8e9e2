// Mutants changes the code of packages in small ways, one at a time, and reports the changes
// with which the tests still pass. It runs only the tests of the changed package, with -short.
//
// It draws a sample of -n mutants for each package. The same -seed draws the same sample as
// long as the code is the same. Code that no test reaches is listed and not changed. The
// source tree is not modified: the go command gets each mutant as an overlay.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"
)

var (
	number = flag.Int("n", 25, "number of mutants to try in each package; 0 for all")
	seed   = flag.Uint64("seed", 1, "seed of the random sample")
	jobs   = flag.Int("jobs", 2, "number of mutants to try in parallel")
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("mutants: ")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	var lines []string
	for _, name := range flag.Args() {
		line, err := tryPackage(ctx, name)
		if err != nil {
			log.Fatalf("%s: %v", name, err)
		}
		fmt.Println(line)
		lines = append(lines, line)
	}
	fmt.Printf("\n%s\n", strings.Join(lines, "\n"))
}

// tryPackage tries a sample of the mutants of a package, prints those that survive,
// and returns a line with the counts.
func tryPackage(ctx context.Context, name string) (string, error) {
	pkg, err := load(ctx, name)
	if err != nil {
		return "", err
	}
	start := time.Now()
	covered, err := pkg.cover(ctx)
	if err != nil {
		return "", err
	}
	pkg.timeout = 3*time.Since(start) + 20*time.Second

	var mutants []mutant
	for _, file := range pkg.files {
		found, err := mutantsOf(file)
		if err != nil {
			return "", err
		}
		mutants = append(mutants, found...)
	}
	all, unreached := len(mutants), 0
	for i := range mutants {
		mutants[i].reached = covered.reaches(mutants[i])
		if !mutants[i].reached {
			unreached++
		}
	}
	fmt.Printf("--- %s: %d mutants; %s\n", name, all, covered)

	random := rand.New(rand.NewPCG(*seed, 0))
	random.Shuffle(all, func(i, j int) { mutants[i], mutants[j] = mutants[j], mutants[i] })
	counts, err := tryAll(ctx, pkg, mutants)
	if err != nil {
		return "", err
	}
	tried := counts[killed] + counts[timedOut] + counts[survived] + counts[notReached]
	return fmt.Sprintf("%s: %d of %d mutants tried: %d killed (%d of them by the timeout), %d survived, %d not covered (of all mutants: %d)",
		name, tried, all, counts[killed]+counts[timedOut], counts[timedOut],
		counts[survived], counts[notReached], unreached), nil
}

// tryAll tries mutants in order until it has the number of results that the flag -n sets, and
// returns the counts of the results. Mutants that do not build do not count toward -n.
func tryAll(ctx context.Context, pkg *goPackage, mutants []mutant) (map[result]int, error) {
	var (
		mu     sync.Mutex
		wg     sync.WaitGroup
		counts = make(map[result]int)
		left   = *number
		failed error
	)
	if left == 0 {
		left = len(mutants)
	}
	next := func() (m mutant, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		if left == 0 || len(mutants) == 0 || failed != nil || ctx.Err() != nil {
			return m, false
		}
		m, mutants = mutants[0], mutants[1:]
		left--
		return m, true
	}
	work := func() {
		for m, ok := next(); ok; m, ok = next() {
			got, err := pkg.try(ctx, m)
			mu.Lock()
			if err != nil && failed == nil {
				failed = err
			}
			counts[got]++
			switch got {
			case notBuilt:
				left++
			case survived, notReached:
				fmt.Printf("%v: %v\n", got, m)
			}
			mu.Unlock()
		}
	}
	for range *jobs {
		wg.Go(work)
	}
	wg.Wait()
	if failed == nil {
		failed = ctx.Err()
	}
	return counts, failed
}
