package serverhost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"voc/internal/app"
)

// The exit codes of [Program.Run].
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2 // wrong arguments or environment
)

// Program is one start of voc.
type Program struct {
	Args           []string // without the program's name
	Environ        []string // in the form of os.Environ; the last entry for a name counts
	Stdout, Stderr io.Writer

	// Credentials returns the keys and the region for a bucket. If it is nil, Run looks
	// for them where the AWS CLI does: the process's environment, shared files, the
	// machine's role.
	Credentials app.AWS

	// Now is the clock of all parts but the store, whose clock is its own, and of the emulator's
	// sample; nil is the machine's.
	Now func() time.Time

	// Drain bounds how long a server that is stopped waits for responses in progress; 0 is nine
	// seconds.
	Drain time.Duration
}

// commands are the program's commands, as kong parses them.
type commands struct {
	Serve     serveCmd         `cmd:"" default:"1" help:"Serve the API and refresh on schedule."`
	Refresh   refreshCmd       `cmd:"" help:"Refresh once, or check whether a refresh would work."`
	Rollback  rollbackCmd      `cmd:"" help:"Make an older snapshot current, and hold the schedule."`
	Drill     drillCmd         `cmd:"" help:"Restore the snapshot into an empty folder and check it."`
	Status    statusCmd        `cmd:"" help:"Print what is served, its age and what is wrong."`
	Runs      runsCmd          `cmd:"" help:"Print the last refreshes and how they ended."`
	Snapshots snapshotsCmd     `cmd:"" help:"Print the snapshots for a rollback."`
	Export    exportCmd        `cmd:"" help:"Write what readers may see to a SQLite file for people."`
	Health    healthCmd        `cmd:"" help:"Ask a running server for its health."`
	Emulator  emulatorCmd      `cmd:"" help:"Serve the Airtable emulator alone (voc help rehearse)."`
	Version   kong.VersionFlag `help:"Print the version."`
	Help      helpCmd          `cmd:"" help:"Print a help topic."`
}

// Run runs the command in Args until it ends or ctx does, and returns the exit code: 0, 1 if the
// command failed, or 2 if the arguments or the environment are wrong.
func (p *Program) Run(ctx context.Context) int {
	var c commands
	helpPrinted := false
	parser := kong.Must(&c,
		kong.Name("voc"),
		kong.Description("A read replica of an Airtable table of feedback. Environment variables "+
			"configure it; voc help environment lists them."),
		kong.Vars{"modes": modesHelp, "url": urlHelp, "healthurl": healthURLHelp,
			"version": strings.Replace(app.Program(), "/", " ", 1)},
		kong.Writers(p.Stdout, p.Stderr),
		kong.Exit(func(int) { helpPrinted = true }))
	command, err := parser.Parse(p.Args)
	if helpPrinted {
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(p.Stderr, "voc: %v (see voc --help)\n", err)
		return exitUsage
	}
	command.BindTo(ctx, (*context.Context)(nil))
	err = command.Run(p)
	if err == nil {
		return exitOK
	}
	if errors.Is(err, errPrinted) {
		return exitFailed
	}
	fmt.Fprintf(p.Stderr, "voc: %v\n", err)
	if _, ok := errors.AsType[environmentError](err); ok {
		return exitUsage
	}
	return exitFailed
}

// errPrinted is the error of a command that has already printed the reason.
var errPrinted = errors.New("failed")

// environmentError is an error in the environment.
type environmentError struct{ error }

// Unwrap returns the cause.
func (e environmentError) Unwrap() error { return e.error }

// errEnvironment wraps the error of package config, which has several lines.
func errEnvironment(err error) error {
	return environmentError{fmt.Errorf("invalid environment, nothing was started:\n%w", err)}
}

// now returns the time by the program's clock.
func (p *Program) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now().Round(0) // not monotonic: that clock stops while a machine sleeps
}

// printJSON prints v indented.
func (p *Program) printJSON(v any) error {
	out := json.NewEncoder(p.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}
