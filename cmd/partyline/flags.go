package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A value is a flag's value of some kind, within bounds. An error of Set continues a sentence
// that begins with the text given: "is not a number".
type value[T any] struct {
	to    *T
	parse func(string) (T, error)
	kind  string // in --help
}

var _ pflag.Value = (*value[int])(nil)

func (v *value[T]) Set(s string) error {
	x, err := v.parse(s)
	if err == nil {
		*v.to = x
	}
	return err
}

func (v *value[T]) String() string { return fmt.Sprint(*v.to) }

func (v *value[T]) Type() string { return v.kind }

// intVar adds a flag for a whole number within least and most.
func intVar[T int | int64](f *pflag.FlagSet, to *T, name string, def, least, most T, usage string) {
	*to = def
	f.Var(&value[T]{to, func(s string) (T, error) {
		n, err := strconv.ParseInt(s, 0, 64)
		if err != nil || n < int64(least) || n > int64(most) {
			return 0, fmt.Errorf("is not a whole number between %d and %d", least, most)
		}
		return T(n), nil
	}, "int"}, name, usage)
}

// floatVar adds a flag for a number that is not below 0.
func floatVar(f *pflag.FlagSet, to *float64, name string, def float64, usage string) {
	*to = def
	f.Var(&value[float64]{to, func(s string) (float64, error) {
		x, err := strconv.ParseFloat(s, 64)
		if err != nil || !(x >= 0) || math.IsInf(x, 0) {
			return 0, errors.New("is not a number from 0 on")
		}
		return x, nil
	}, "float"}, name, usage)
}

// durationVar adds a flag for a time that is not below least.
func durationVar(f *pflag.FlagSet, to *time.Duration, name string, def, least time.Duration, usage string) {
	*to = def
	f.Var(&value[time.Duration]{to, func(s string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		if err != nil || d < least {
			return 0, fmt.Errorf("is not a time from %v on, such as 30s or 1m30s", least)
		}
		return d, nil
	}, "duration"}, name, usage)
}

// boolVar adds a flag that is true if it is given alone.
func boolVar(f *pflag.FlagSet, to *bool, name, usage string) {
	f.VarPF(&value[bool]{to, func(s string) (bool, error) {
		b, err := strconv.ParseBool(s)
		if err != nil {
			return false, errors.New("is not true or false")
		}
		return b, nil
	}, "bool"}, name, "", usage).NoOptDefVal = "true"
}

// choiceVar adds a flag for one of some words.
func choiceVar(f *pflag.FlagSet, to *string, name, def, usage string, words ...string) {
	*to = def
	last := len(words) - 1
	wrong := errors.New("is not " + strings.Join(words[:last], ", ") + " or " + words[last])
	f.Var(&value[string]{to, func(s string) (string, error) {
		for _, w := range words {
			if strings.EqualFold(s, w) {
				return w, nil
			}
		}
		return "", wrong
	}, "string"}, name, usage)
}

// listVar adds a flag for a list with commas, to which each further use of the flag adds. check
// returns an error if an element is wrong; of names the elements in that error.
func listVar(f *pflag.FlagSet, to *[]string, name string, check func([]string) error, of, usage string) {
	f.Var(&value[[]string]{to, func(s string) ([]string, error) {
		var list []string
		if s != "" {
			list = strings.Split(s, ",")
		}
		for i := range list {
			list[i] = strings.TrimSpace(list[i])
		}
		if err := check(list); err != nil {
			return nil, fmt.Errorf("is not a list of %s: %w", of, err)
		}
		return append(*to, list...), nil
	}, "strings"}, name, usage)
	f.Lookup(name).DefValue = ""
}

// flagError says what is wrong with a command line.
func flagError(_ *cobra.Command, err error) error {
	if invalid := (*pflag.InvalidValueError)(nil); errors.As(err, &invalid) {
		return fmt.Errorf("--%s %q %w", invalid.GetFlag().Name, invalid.GetValue(), invalid.Unwrap())
	}
	return err
}

// variable returns the name of the environment variable that stands for a flag.
func variable(flag string) string {
	return "PARTYLINE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment sets the flags that were not given and that the environment names. An empty
// variable counts as given, so it is an error for a number.
func fromEnvironment(flags *pflag.FlagSet, lookup func(string) (string, bool)) error {
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
	})
	return wrong
}
