package app

import (
	"errors"

	"github.com/spf13/pflag"
)

// configFlag is the flag that names the configuration file.
const configFlag = "config"

// settings are a Config and where its values come from.
type settings struct {
	Config
	File string // --config

	// For again, as load has found them.
	before *settings // with the values of the command line alone
	given  []string  // the flags on the command line
}

func newSettings(version string) *settings {
	s := &settings{Config: DefaultConfig()}
	s.Version = version
	return s
}

func (s *settings) addFlags(f *pflag.FlagSet) {
	fileVar(f, &s.File, configFlag, `file with settings in TOML, whose keys are the names of these flags; "partyline config" prints one; "" for none`, "toml")
	s.Config.addFlags(f)
}

// load sets what the command line has not set: from the environment, and then from the file.
func (s *settings) load(flags *pflag.FlagSet, lookup func(string) (string, bool)) error {
	before := *s
	s.before, s.given = &before, nil
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			s.given = append(s.given, f.Name)
		}
	})
	set, err := fromEnvironment(flags, lookup)
	if err != nil {
		return err
	}
	s.set = set
	if s.File != "" {
		file, err := readConfig(s.File)
		if err != nil {
			return err
		}
		if err := file.apply(flags, s.set); err != nil {
			return err
		}
	}
	for _, name := range s.given {
		s.set[name] = "--" + name
	}
	if s.TCP == "" && s.HTTP == "" {
		return errors.New("both listeners are off: give --tcp or --http an address")
	}
	return s.checkTLS()
}

// again returns the settings that load would have found now, with the same command line.
func (s *settings) again(lookup func(string) (string, bool)) (Config, error) {
	fresh := *s.before
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	fresh.addFlags(flags)
	for _, name := range s.given {
		flags.Lookup(name).Changed = true
	}
	err := fresh.load(flags, lookup)
	return fresh.Config, err
}
