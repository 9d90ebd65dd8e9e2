package app

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const aboutCompletion = `completion prints a script with which a shell completes the commands and flags of partyline, and
the values of flags that are words, files or folders. The packages of partyline install it.

  bash  source <(partyline completion bash)       in ~/.bashrc; it needs the package bash-completion
  zsh   source <(partyline completion zsh)        in ~/.zshrc, after compinit
  fish  partyline completion fish | source        in ~/.config/fish/config.fish`

// newCompletionCommand returns the command that prints the scripts of shells.
func newCompletionCommand() *cobra.Command {
	return &cobra.Command{
		Use:                   "completion bash|zsh|fish",
		Short:                 "Print a script with which a shell completes commands and flags",
		Long:                  aboutCompletion,
		Args:                  cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs:             []string{"bash", "zsh", "fish"},
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			default:
				return root.GenFishCompletion(out, true)
			}
		},
	}
}

// completeValues tells the shells how to complete the values of the flags of a command and of those
// below it: one of a few words, a path, or nothing. The shells would complete the name of a file for
// everything else.
func completeValues(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if len(f.Annotations) > 0 { // a path
			return
		}
		complete := cobra.NoFileCompletions
		if v, ok := f.Value.(interface{ choices() []string }); ok && v.choices() != nil {
			complete = cobra.FixedCompletions(v.choices(), cobra.ShellCompDirectiveNoFileComp)
		}
		cmd.RegisterFlagCompletionFunc(f.Name, complete)
	})
	for _, c := range cmd.Commands() {
		completeValues(c)
	}
}
