package main

import (
	"bytes"
	"io/fs"
	"os"
	"strings"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/reference"
)

// A file is a file of an archive or of a package.
type file struct {
	name    string // with slashes
	mode    fs.FileMode
	content []byte
}

// The folders of files that archives and packages have in different places.
const (
	manFolder        = "man/"
	completionFolder = "completion/"
)

// example is the name of a file with all settings.
const example = "partyline.toml"

// commonFiles returns the files of an archive besides the program, in the order of their names.
func (s *source) commonFiles() ([]file, error) {
	var all []file
	for _, name := range s.files {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, file{name, 0o644, content})
	}
	settings, err := run("config")
	if err != nil {
		return nil, err
	}
	all = append(all, file{example, 0o644, commentOut(settings)})
	for shell, name := range map[string]string{"bash": "partyline.bash", "zsh": "_partyline", "fish": "partyline.fish"} {
		script, err := run("completion", shell)
		if err != nil {
			return nil, err
		}
		all = append(all, file{completionFolder + name, 0o644, script})
	}
	for name, page := range reference.Man(app.Command(s.version), s.time) {
		all = append(all, file{manFolder + name, 0o644, page})
	}
	sortFiles(all)
	return all, nil
}

// run returns what partyline prints with arguments. The environment sets no flags.
func run(args ...string) ([]byte, error) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "PARTYLINE_") {
			os.Unsetenv(name)
		}
	}
	var out bytes.Buffer
	cmd := app.Command("")
	cmd.SetOut(&out)
	cmd.SetArgs(args)
	err := cmd.Execute()
	return out.Bytes(), err
}

// commentOut turns the settings that config prints into a file that sets none of them, so that a later
// version may have other defaults.
func commentOut(settings []byte) []byte {
	var b strings.Builder
	b.WriteString("# The settings of partyline, with their defaults. Remove the # before a name to change one.\n\n")
	for line := range strings.Lines(string(settings)) {
		switch {
		case strings.HasPrefix(line, "# From: "):
		case strings.HasPrefix(line, "#"), line == "\n":
			b.WriteString(line)
		default:
			b.WriteString("#" + line)
		}
	}
	return []byte(b.String())
}
