package serverhost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/alecthomas/kong"

	"voc/internal/app"
)

// The exit codes of [Program.Run].
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2 // wrong arguments, or a mistake in the environment
)

// Program is one start of the server.
type Program struct {
	Args           []string // without the program's own name
	Environ        []string // as os.Environ returns it; the last one of a name counts
	Stdout, Stderr io.Writer

	// Credentials finds the keys and the region of a bucket; nil looks where the AWS CLI does:
	// the process's variables, shared files, the role of the machine.
	Credentials app.AWS

	// Now is the clock of the schedule, of run ids and of the emulator's sample; nil is the
	// machine's.
	Now func() time.Time

	// Drain is how long a server that is asked to end waits for answers under way; 0 is ten
	// seconds.
	Drain time.Duration
}

// commands are the program's commands, as kong parses them.
type commands struct {
	Serve    serveCmd    `cmd:"" default:"1" help:"Serve the API and refresh by the schedule (the default)."`
	Refresh  refreshCmd  `cmd:"" help:"Refresh once, or check whether a refresh would work."`
	Rollback rollbackCmd `cmd:"" help:"Make an older snapshot current, and hold scheduled refreshes until a person starts one."`
	Status   statusCmd   `cmd:"" help:"Print what the store holds, as GET /api/cache/ does."`
	Emulator emulatorCmd `cmd:"" help:"Serve the Airtable emulator alone."`
}

// Run runs the command that Args name until it is done or ctx ends, and returns the exit code: 0,
// 1 if the command failed, 2 if the arguments or the environment are wrong.
func (p *Program) Run(ctx context.Context) int {
	var c commands
	asked := false // for help, which kong prints
	parser := kong.Must(&c,
		kong.Name("server"),
		kong.Description("voc: a read replica of an Airtable table of feedback. "+
			"The environment configures it: see the README."),
		kong.Writers(p.Stdout, p.Stderr),
		kong.Exit(func(int) { asked = true }))
	chosen, err := parser.Parse(p.Args)
	if asked {
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(p.Stderr, "server: %v (see server --help)\n", err)
		return exitUsage
	}
	chosen.BindTo(ctx, (*context.Context)(nil))
	return p.exitCode(chosen.Run(p))
}

// errPrinted ends a command that has already printed why it failed.
var errPrinted = errors.New("failed")

// environmentError is a mistake in the environment: nothing was started.
type environmentError struct{ error }

// Unwrap gives the cause.
func (e environmentError) Unwrap() error { return e.error }

// mistakes marks the errors of a configuration, one a line.
func mistakes(err error) error {
	return environmentError{fmt.Errorf("the environment is wrong, nothing was started:\n%w", err)}
}

// exitCode prints the error of a command, and gives the exit code.
func (p *Program) exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	if errors.Is(err, errPrinted) {
		return exitFailed
	}
	fmt.Fprintf(p.Stderr, "server: %v\n", err)
	if _, ok := errors.AsType[environmentError](err); ok {
		return exitUsage
	}
	return exitFailed
}

// now is the time by the program's clock.
func (p *Program) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return wallClock()
}

// wallClock is the time without the monotonic reading, which stands still while the machine sleeps.
func wallClock() time.Time { return time.Now().Round(0) }

// printJSON prints v for people.
func (p *Program) printJSON(v any) error {
	out := json.NewEncoder(p.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}
