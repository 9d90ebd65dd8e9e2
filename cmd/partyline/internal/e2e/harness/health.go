package harness

import (
	"bufio"
	"fmt"
	"io"
	"runtime"
)

// answerHealth answers each line of in with the number of goroutines and the size of the heap
// in bytes. The size is 0 unless the line is "heap?", which runs the collector first.
func answerHealth(in io.Reader, out io.Writer) {
	for questions := bufio.NewScanner(in); questions.Scan(); {
		var m runtime.MemStats
		if questions.Text() == "heap?" {
			runtime.GC()
			runtime.GC()
			runtime.ReadMemStats(&m)
		}
		fmt.Fprintf(out, "goroutines=%d heap=%d\n", runtime.NumGoroutine(), m.HeapAlloc)
	}
}
