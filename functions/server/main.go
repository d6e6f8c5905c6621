// Command server is voc as one process: it refreshes a snapshot of an Airtable table on its own
// schedule and serves it. Without an Airtable account it starts an emulator with sample data.
// The Makefile builds it as bin/voc.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"voc/internal/bound"
	"voc/internal/serverhost"
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(bound.HeapGrowth)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	program := serverhost.Program{
		Args: os.Args[1:], Environ: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr,
	}
	code := program.Run(ctx)
	stop()
	os.Exit(code)
}
