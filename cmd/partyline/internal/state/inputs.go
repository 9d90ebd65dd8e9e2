package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Bounds of the remembered inputs.
const (
	maxInputs = 1000
	maxInput  = 16 << 10 // bytes of one; a longer one is not remembered
)

// Inputs returns what the user has entered, the oldest first. An input may have several lines.
func (d *Dir) Inputs() ([]string, error) {
	data, err := os.ReadFile(filepath.Join(d.path, inputFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var inputs []string
	for line := range strings.Lines(strings.ToValidUTF8(string(data), "\uFFFD")) {
		line = strings.TrimSuffix(line, "\n")
		if line != "" && len(line) <= 2*maxInput {
			inputs = append(inputs, unescape(line))
		}
	}
	return inputs[max(len(inputs)-maxInputs, 0):], nil
}

// AddInput remembers what the user has entered.
func (d *Dir) AddInput(input string) error {
	if input == "" || len(input) > maxInput {
		return nil
	}
	unlock, err := d.lock()
	if err != nil {
		return err
	}
	defer unlock()
	inputs, err := d.Inputs()
	if err != nil {
		return err
	}
	inputs = append(inputs, input)
	var data []byte
	for _, in := range inputs[max(len(inputs)-maxInputs, 0):] {
		data = append(append(data, escape(in)...), '\n')
	}
	return d.replace(inputFile, data)
}

// escape returns an input as one line, without its ending.
func escape(input string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(input)
}

// unescape is the inverse of escape.
func unescape(line string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n").Replace(line)
}
