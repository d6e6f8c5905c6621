// Command server is voc in one process: it keeps a snapshot of an Airtable table up to date by its own schedule and serves it. Without an account it
// also is the Airtable, an emulator with sample data.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"voc/internal/serverhost"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	program := serverhost.Program{Args: os.Args[1:], Environ: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr}
	code := program.Run(ctx)
	stop()
	os.Exit(code)
}
