package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
)

// profileEnv is an environment variable with a directory. A program that exits with status 0 writes a CPU profile
// to it.
const profileEnv = "PROFILES"

// profile starts a CPU profile in a file of dir, unless dir is empty. The returned function ends it.
func profile(dir string) (stop func()) {
	if dir == "" {
		return func() {}
	}
	command := "serve"
	if len(os.Args) > 1 && os.Args[1][0] != '-' {
		command = os.Args[1]
	}
	f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%s-%d.pprof", command, os.Getpid())))
	if err != nil {
		panic(err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		panic(err)
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}
}
