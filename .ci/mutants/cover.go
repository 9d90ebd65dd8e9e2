package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// A block is a part of a file, as in the go command's coverage profiles.
type block struct {
	file                   string
	line, column           int
	endLine, endColumn     int
	statements, executions int
}

// coverage is the code that the tests of a package reach.
type coverage struct {
	blocks []block
}

// parseCoverage parses a coverage profile in which files have no folders.
func parseCoverage(profile string) (*coverage, error) {
	c := new(coverage)
	for line := range strings.Lines(profile) {
		if strings.HasPrefix(line, "mode:") {
			continue
		}
		var b block
		file, rest, _ := strings.Cut(line, ":")
		if _, err := fmt.Sscanf(rest, "%d.%d,%d.%d %d %d", &b.line, &b.column,
			&b.endLine, &b.endColumn, &b.statements, &b.executions); err != nil {
			return nil, fmt.Errorf("coverage %q: %w", line, err)
		}
		b.file = file
		c.blocks = append(c.blocks, b)
	}
	return c, nil
}

// reaches reports whether a test reaches the code that m changes. Code outside of functions
// counts as reached.
func (c *coverage) reaches(m mutant) bool {
	file := filepath.Base(m.path)
	reached := true
	for _, b := range c.blocks {
		if b.file != file || before(m.start.Line, m.start.Column, b.line, b.column) ||
			!before(m.start.Line, m.start.Column, b.endLine, b.endColumn) {
			continue
		}
		if b.executions > 0 {
			return true
		}
		reached = false
	}
	return reached
}

// before reports whether the first position is before the second.
func before(line, column, line2, column2 int) bool {
	return cmp.Or(cmp.Compare(line, line2), cmp.Compare(column, column2)) < 0
}

// String returns the number of statements that the tests reach, and the lines of the others.
func (c *coverage) String() string {
	blocks := slices.Clone(c.blocks)
	slices.SortFunc(blocks, func(a, b block) int {
		return cmp.Or(strings.Compare(a.file, b.file), cmp.Compare(a.line, b.line))
	})
	var reached, all int
	var lines strings.Builder
	for _, b := range blocks {
		all += b.statements
		if b.executions > 0 {
			reached += b.statements
		} else if b.statements > 0 {
			fmt.Fprintf(&lines, "\nnot covered: %s:%d-%d", b.file, b.line, b.endLine)
		}
	}
	return fmt.Sprintf("the tests reach %d of %d statements%s", reached, all, lines.String())
}
