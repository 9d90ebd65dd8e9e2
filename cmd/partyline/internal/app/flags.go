package app

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A value is the pflag.Value of a flag. The default is the value of the variable when the flag is
// added. An error of parse continues a sentence that starts with the given text: "is not a
// number".
type value[T any] struct {
	to     *T
	parse  func(string) (T, error)
	kind   string         // the name of the type in --help
	format func(T) string // fmt.Sprint if nil
	words  []string       // the texts to choose from; nil if there are more
}

var _ pflag.Value = (*value[int])(nil)

func (v *value[T]) Set(s string) error {
	x, err := v.parse(s)
	if err == nil {
		*v.to = x
	}
	return err
}

func (v *value[T]) String() string {
	if v.format != nil {
		return v.format(*v.to)
	}
	return fmt.Sprint(*v.to)
}

func (v *value[T]) Type() string { return v.kind }

func (v *value[T]) choices() []string { return v.words }

// A copier is a value of a flag that can have that of another, which must be of the same type.
type copier interface{ copyFrom(pflag.Value) }

func (v *value[T]) copyFrom(other pflag.Value) { *v.to = *other.(*value[T]).to }

// intVar adds a flag for an integer from least to most.
func intVar[T int | int64](f *pflag.FlagSet, to *T, name string, least, most T, usage string) {
	f.Var(&value[T]{to: to, parse: func(s string) (T, error) {
		n, err := strconv.ParseInt(s, 0, 64)
		if err != nil || n < int64(least) || n > int64(most) {
			return 0, fmt.Errorf("is not a whole number between %d and %d", least, most)
		}
		return T(n), nil
	}, kind: "int"}, name, usage)
}

// sizeVar adds a flag for a number of bytes from least to most. A number alone counts in unit.
func sizeVar[T int | int64](f *pflag.FlagSet, to *T, name string, unit, least, most T, usage string) {
	f.Var(&value[T]{to: to, parse: func(s string) (T, error) {
		n, err := parseSize(s, int64(unit))
		if err != nil || n < int64(least) || n > int64(most) {
			return 0, fmt.Errorf("is not a size between %s and %s", formatSize(least), formatSize(most))
		}
		return T(n), nil
	}, kind: "size", format: formatSize[T]}, name, usage)
}

// parseSize returns a number of bytes. Only a number alone may have a sign.
func parseSize(s string, unit int64) (int64, error) {
	if n, err := strconv.ParseInt(s, 0, 64); err == nil {
		if n > math.MaxInt64/unit || n < math.MinInt64/unit {
			return 0, strconv.ErrRange
		}
		return n * unit, nil
	}
	n, err := humanize.ParseBytes(s)
	// humanize takes a number alone as bytes, and ignores commas.
	if err != nil || n > math.MaxInt64 || strings.Contains(s, ",") || !strings.ContainsAny(s, "bBkKmMgGtTpPeE") {
		return 0, strconv.ErrSyntax
	}
	return int64(n), nil
}

// formatSize returns a size in the largest unit that needs no fraction.
func formatSize[T int | int64](n T) string {
	units := []string{"B", "KiB", "MiB", "GiB"}
	for n != 0 && n%1024 == 0 && len(units) > 1 {
		n /= 1024
		units = units[1:]
	}
	return fmt.Sprint(n, units[0])
}

// floatVar adds a flag for a number that is not negative.
func floatVar(f *pflag.FlagSet, to *float64, name, usage string) {
	f.Var(&value[float64]{to: to, parse: func(s string) (float64, error) {
		x, err := strconv.ParseFloat(s, 64)
		if err != nil || !(x >= 0) || math.IsInf(x, 0) {
			return 0, errors.New("is not a number of at least 0")
		}
		return x, nil
	}, kind: "float"}, name, usage)
}

// durationVar adds a flag for a duration of at least least.
func durationVar(f *pflag.FlagSet, to *time.Duration, name string, least time.Duration, usage string) {
	f.Var(&value[time.Duration]{to: to, parse: func(s string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		if err != nil || d < least {
			return 0, fmt.Errorf("is not a duration of at least %v, such as 30s or 1m30s", least)
		}
		return d, nil
	}, kind: "duration"}, name, usage)
}

// boolVar adds a flag that needs no value: without one it is true.
func boolVar(f *pflag.FlagSet, to *bool, name, usage string) {
	f.VarPF(&value[bool]{to: to, parse: func(s string) (bool, error) {
		b, err := strconv.ParseBool(s)
		if err != nil {
			return false, errors.New("is not true or false")
		}
		return b, nil
	}, kind: "bool"}, name, "", usage).NoOptDefVal = "true"
}

// textVar adds a flag for a text that valid accepts. form says what a valid text is.
func textVar(f *pflag.FlagSet, to *string, name string, valid func(string) bool, form, usage string) {
	f.Var(&value[string]{to: to, parse: func(s string) (string, error) {
		if !valid(s) {
			return "", errors.New("is not " + form)
		}
		return s, nil
	}, kind: "string"}, name, usage)
}

// choiceVar adds a flag for one of several words, in upper or lower case.
func choiceVar(f *pflag.FlagSet, to *string, name, usage string, words ...string) {
	last := len(words) - 1
	wrong := errors.New("is not " + strings.Join(words[:last], ", ") + " or " + words[last])
	f.Var(&value[string]{to: to, parse: func(s string) (string, error) {
		for _, w := range words {
			if strings.EqualFold(s, w) {
				return w, nil
			}
		}
		return "", wrong
	}, kind: "string", words: words}, name, usage)
}

// fileVar adds a flag for the path of a file whose name ends with one of extensions, or in any way if
// there are none.
func fileVar(f *pflag.FlagSet, to *string, name, usage string, extensions ...string) {
	pathVar(f, to, "file", name, usage)
	cobra.MarkFlagFilename(f, name, extensions...)
}

// folderVar adds a flag for the path of a folder.
func folderVar(f *pflag.FlagSet, to *string, name, usage string) {
	pathVar(f, to, "folder", name, usage)
	cobra.MarkFlagDirname(f, name)
}

// pathVar adds a flag for a path, which is checked only when it is used.
func pathVar(f *pflag.FlagSet, to *string, kind, name, usage string) {
	f.Var(&value[string]{to: to, parse: func(s string) (string, error) { return s, nil }, kind: kind}, name, usage)
}

// listVar adds a flag for a list that is separated by commas. If the flag is repeated, the
// lists are joined. check returns an error for an invalid element; elements names the elements
// in that error.
func listVar(f *pflag.FlagSet, to *[]string, name string, check func([]string) error, elements, usage string) {
	f.Var(&value[[]string]{to: to, parse: func(s string) ([]string, error) {
		var list []string
		if s != "" {
			list = strings.Split(s, ",")
		}
		for i := range list {
			list[i] = strings.TrimSpace(list[i])
		}
		if err := check(list); err != nil {
			return nil, fmt.Errorf("is not a list of %s: %w", elements, err)
		}
		return append(*to, list...), nil
	}, kind: "strings"}, name, usage)
	f.Lookup(name).DefValue = ""
}

// flagError rewords an error about a flag's value, or about a flag that does not exist.
func flagError(cmd *cobra.Command, err error) error {
	if unknown := (*pflag.NotExistError)(nil); errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		wrong := "--" + unknown.GetSpecifiedName()
		return fmt.Errorf("unknown flag: %s%s", wrong, didYouMean(wrong, names))
	}
	if invalid := (*pflag.InvalidValueError)(nil); errors.As(err, &invalid) {
		return fmt.Errorf("--%s %q %w", invalid.GetFlag().Name, invalid.GetValue(), invalid.Unwrap())
	}
	return err
}

// variable returns the name of the environment variable that sets a flag.
func variable(flag string) string {
	return "PARTYLINE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment sets the flags that the command line has not set and that have a variable in
// the environment, and returns the variable of each. A variable that is set but empty counts.
func fromEnvironment(flags *pflag.FlagSet, lookup func(string) (string, bool)) (map[string]string, error) {
	set := make(map[string]string)
	var wrong error
	flags.VisitAll(func(f *pflag.Flag) {
		name := variable(f.Name)
		text, ok := lookup(name)
		if !ok || wrong != nil || f.Changed || f.Name == "help" || f.Name == "version" {
			return
		}
		if err := f.Value.Set(text); err != nil {
			wrong = fmt.Errorf("%s=%q %w", name, text, err)
		}
		set[f.Name] = name
	})
	return set, wrong
}
