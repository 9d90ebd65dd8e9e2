package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A goPackage is a package whose mutants are tried.
type goPackage struct {
	name    string        // argument of the go command
	path    string        // import path
	files   []string      // built on this system, without tests
	timeout time.Duration // of one run of the tests
}

// load returns the package that the go command lists for name.
func load(ctx context.Context, name string) (*goPackage, error) {
	list := exec.CommandContext(ctx, "go", "list", "-json=Dir,ImportPath,GoFiles", name)
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, err
	}
	var listed struct {
		Dir, ImportPath string
		GoFiles         []string
	}
	if err := json.Unmarshal(out, &listed); err != nil {
		return nil, err
	}
	pkg := &goPackage{name: name, path: listed.ImportPath}
	for _, file := range listed.GoFiles {
		pkg.files = append(pkg.files, filepath.Join(listed.Dir, file))
	}
	return pkg, nil
}

// A result is the outcome of the tests of a mutant.
type result int

const (
	killed result = iota
	timedOut
	survived
	notReached
	notBuilt
)

func (r result) String() string {
	return [...]string{"killed", "timed out", "survived", "not covered", "not built"}[r]
}

// try runs the tests on a mutant if one of them reaches it.
func (p *goPackage) try(ctx context.Context, m mutant) (result, error) {
	if !m.reached {
		return notReached, nil
	}
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "mutant.go")
	overlay := filepath.Join(dir, "overlay.json")
	replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{m.path: file}})
	if err != nil {
		return 0, err
	}
	if err := errors.Join(
		os.WriteFile(file, m.text(), 0o600),
		os.WriteFile(overlay, replaced, 0o600),
	); err != nil {
		return 0, err
	}

	out, err := p.test(ctx, "-overlay", overlay, "-failfast", "-timeout", p.timeout.String())
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case err == nil:
		return survived, nil
	case !errors.As(err, &exit):
		return 0, err
	case bytes.Contains(out, []byte("[build failed]")):
		return notBuilt, nil
	case bytes.Contains(out, []byte("panic: test timed out")), bytes.Contains(out, []byte("*** Test killed")):
		return timedOut, nil
	}
	return killed, nil
}

// cover runs the tests on the unchanged code, and returns the code that they reach.
func (p *goPackage) cover(ctx context.Context) (*coverage, error) {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	profile := filepath.Join(dir, "profile")
	if out, err := p.test(ctx, "-coverprofile", profile); err != nil {
		return nil, fmt.Errorf("the tests fail without a mutant: %w\n%s", err, out)
	}
	text, err := os.ReadFile(profile)
	if err != nil {
		return nil, err
	}
	return parseCoverage(strings.ReplaceAll(string(text), p.path+"/", ""))
}

// test runs the tests of the package.
func (p *goPackage) test(ctx context.Context, args ...string) ([]byte, error) {
	args = append([]string{"test", "-short", "-count", "1", "-vet", "off"}, args...)
	test := exec.CommandContext(ctx, "go", append(args, p.name)...)
	test.WaitDelay = time.Second
	return test.CombinedOutput()
}
