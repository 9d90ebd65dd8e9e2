package app

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/pflag"
)

// maxConfig bounds a configuration file, in bytes.
const maxConfig = 1 << 20

// A configFile is a parsed configuration: the keys are the names of flags.
type configFile struct {
	path    string
	entries []configEntry
}

// A configEntry is a line of a configFile.
type configEntry struct {
	key, text string // text is the value as the flag takes it
	ok        bool   // the value has such a text
	line      int
}

// readConfig reads and parses a file in TOML. An error names the file, and the line if there is one.
func readConfig(path string) (*configFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxConfig {
		return nil, fmt.Errorf("%s is larger than 1 MiB", path)
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseConfig(path, string(source))
}

// parseConfig is readConfig for the content of a file.
func parseConfig(path, source string) (*configFile, error) {
	values := make(map[string]any)
	meta, err := toml.Decode(source, &values)
	if bad := (toml.ParseError{}); errors.As(err, &bad) {
		return nil, fmt.Errorf("%s:%d: %s", path, bad.Position.Line, bad.Message)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	c := &configFile{path: path}
	lines := strings.Split(source, "\n")
	for _, k := range meta.Keys() {
		if len(k) > 1 { // in a table, of which there are none
			continue
		}
		e := configEntry{key: k[0], line: lineOf(lines, k[0])}
		e.text, e.ok = flagText(values[e.key])
		c.entries = append(c.entries, e)
	}
	return c, nil
}

// flagText returns a value of TOML as a flag takes it.
func flagText(v any) (text string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true
	case []any:
		var list []string
		for _, element := range v {
			s, ok := element.(string)
			if !ok || strings.Contains(s, ",") {
				return "", false
			}
			list = append(list, s)
		}
		return strings.Join(list, ","), true
	}
	return "", false
}

// lineOf returns the number of the line that sets a key or begins its table.
func lineOf(lines []string, key string) int {
	for i, line := range lines {
		name, _, _ := strings.Cut(strings.Trim(line, " \t["), "=")
		if strings.Trim(name, " \t\"'].\r") == key {
			return i + 1
		}
	}
	return 1
}

// notInFile are the flags that a file can't set.
var notInFile = []string{"help", "version", configFlag}

// apply sets the flags that nothing has set yet, and notes each of them in set, with its file and line.
// An error names these too.
func (c *configFile) apply(flags *pflag.FlagSet, set map[string]string) error {
	for _, e := range c.entries {
		at := fmt.Sprintf("%s:%d", c.path, e.line)
		f := flags.Lookup(e.key)
		switch {
		case f == nil || slices.Contains(notInFile, e.key):
			return fmt.Errorf("%s: there is no setting %s%s", at, e.key, didYouMean(e.key, settingNames(flags)))
		case !e.ok:
			return fmt.Errorf("%s: %s is not a text, a number, true, false or a list of texts", at, e.key)
		case f.Changed || set[e.key] != "":
			continue
		}
		if err := f.Value.Set(e.text); err != nil {
			return fmt.Errorf("%s: %s = %q %w", at, e.key, e.text, err)
		}
		set[e.key] = at
	}
	return nil
}

// settingNames returns the names of the flags that a file can set.
func settingNames(flags *pflag.FlagSet) (names []string) {
	flags.VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(notInFile, f.Name) {
			names = append(names, f.Name)
		}
	})
	return names
}
