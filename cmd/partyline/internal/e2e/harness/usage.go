package harness

import (
	"bufio"
	"fmt"
	"io"
	"runtime"
)

// serveUsage writes the number of goroutines and the size of the heap in bytes to out for each line of in.
// If the line is "heap?", it runs the garbage collector first; otherwise the size is 0.
func serveUsage(in io.Reader, out io.Writer) {
	for requests := bufio.NewScanner(in); requests.Scan(); {
		var m runtime.MemStats
		if requests.Text() == "heap?" {
			runtime.GC()
			runtime.GC()
			runtime.ReadMemStats(&m)
		}
		fmt.Fprintf(out, "goroutines=%d heap=%d\n", runtime.NumGoroutine(), m.HeapAlloc)
	}
}
