package release

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestCompletion completes a flag and a value in each shell, with the script that partyline completion
// prints. zsh, which completes only on a terminal, checks its script.
func TestCompletion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, "partyline")); err != nil {
		t.Fatal(err)
	}
	const bash = `source /usr/share/bash-completion/bash_completion; source <(partyline completion bash)
		complete_line() { # prints what bash offers for the last word
			COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9 COMP_KEY=9
			COMPREPLY=()
			__start_partyline 2>/dev/null
			printf '%s\n' "${COMPREPLY[@]}"
		}
		complete_line partyline --log-l; complete_line partyline --log-level w; complete_line partyline ta`
	const fish = `partyline completion fish | source
		complete -C 'partyline --log-l'; complete -C 'partyline --log-level w'; complete -C 'partyline ta'`
	for shell, c := range map[string]struct {
		script string
		want   []string
	}{
		"bash": {bash, []string{"--log-level", "warn", "talk"}},
		"fish": {fish, []string{"--log-level", "warn", "talk"}},
		"zsh":  {`partyline completion zsh >script; zsh -n script && echo correct`, []string{"correct"}},
	} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			program := harness.NeedProgram(t, shell)
			cmd := exec.Command(program, "-c", c.script)
			cmd.Env = harness.Command(t, []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir}).Env
			cmd.Dir, cmd.Stderr = t.TempDir(), os.Stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			for i, want := range c.want {
				if len(lines) != len(c.want) || strings.Fields(lines[i])[0] != want {
					t.Fatalf("%s offers %q, not %q", shell, lines, c.want)
				}
			}
		})
	}
}
