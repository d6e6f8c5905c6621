// Command server is voc in one process: it keeps a snapshot of an Airtable table up to date by its own schedule and serves it. Without an account it
// also is the Airtable, an emulator with sample data.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Serve    serve    `cmd:"" default:"1" help:"Serve the API and refresh by the schedule (the default)."`
	Refresh  refreshs `cmd:"" help:"Refresh once, or check whether a refresh would work."`
	Rollback rollback `cmd:"" help:"Make an older snapshot current, and hold scheduled refreshes until a person starts one."`
	Status   status   `cmd:"" help:"Print what the store holds, as GET /api/cache/ does."`
	Emulator emulator `cmd:"" help:"Serve the Airtable emulator alone."`
}

func main() {
	var c commands
	parser := kong.Must(&c, kong.Name("server"), kong.Description("voc: a read replica of an Airtable table of feedback. The environment configures it: see the README."))
	chosen, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "server: %v (see server --help)\n", err)
		os.Exit(exitUsage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	chosen.BindTo(ctx, (*context.Context)(nil))
	err = chosen.Run()
	stop()
	os.Exit(exitCode(err))
}
