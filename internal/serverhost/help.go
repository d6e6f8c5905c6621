package serverhost

import "voc/internal/config"

// helpCmd has the help topics that need more than a line each.
type helpCmd struct {
	Environment environmentCmd `cmd:"" help:"List the environment variables."`
	Rehearse    rehearseCmd    `cmd:"" help:"Print how to practise failures with the emulator."`
}

// environmentCmd prints the table of variables.
type environmentCmd struct {
	Markdown bool `help:"Print a Markdown table."`
}

// Run prints the table. It reads no variable.
func (c environmentCmd) Run(p *Program) error {
	if c.Markdown {
		return config.WriteMarkdown(p.Stdout)
	}
	return config.WriteText(p.Stdout)
}
