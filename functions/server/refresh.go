package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"voc/internal/app"
	"voc/internal/catalog"
	"voc/internal/refresh"
)

// refreshs is the command that refreshes once.
type refreshs struct {
	Mode string `arg:"" enum:"full,incremental,check" help:"full reads all, incremental what has changed, check only tells whether they would work."`
}

// Run refreshes, and prints the receipt; or checks, and prints what it found.
func (c refreshs) Run(ctx context.Context) error {
	s, err := start(ctx, os.Stderr)
	if err != nil {
		return err
	}
	defer s.close()
	engine := app.NewRefresh(s.Parts)
	if c.Mode == "check" {
		return check(ctx, engine)
	}
	progress, done := showProgress(s.Log)
	engine.Progress = progress
	mode := catalog.Mode(c.Mode)
	receipt, err := engine.Run(ctx, refresh.Request{ID: catalog.NewRunID(mode, time.Now()), Mode: mode, Trigger: "cli"})
	done()
	if err != nil {
		s.Log.Error("the receipt could not be kept", "error", err)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(receipt); err != nil {
		return err
	}
	if !receipt.Succeeded() {
		return fmt.Errorf("the refresh failed: %s", receipt.Error)
	}
	return nil
}

func check(ctx context.Context, engine *refresh.Engine) error {
	report := engine.Check(ctx)
	for _, line := range report.Fine {
		fmt.Println("ok     ", line)
	}
	for _, line := range report.Notes {
		fmt.Println("note   ", line)
	}
	for _, line := range report.Findings {
		fmt.Println("WRONG  ", line)
	}
	if len(report.Findings) > 0 {
		return errSaid
	}
	fmt.Println("a refresh would work")
	return nil
}

// progressEvery is the least time between two lines of progress in a log.
const progressEvery = 5 * time.Second

// showProgress shows a run's progress: in one moving line on a terminal, in a line now and then elsewhere.
func showProgress(log *slog.Logger) (progress func(refresh.Progress), done func()) {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return logProgress(log), func() {}
	}
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription("reading Airtable"),
		progressbar.OptionShowCount(), progressbar.OptionSetItsString("records"), progressbar.OptionShowIts(), progressbar.OptionClearOnFinish())
	return func(p refresh.Progress) { _ = bar.Set(p.Records) }, func() { _ = bar.Finish() } // it is only for the eye
}

func logProgress(log *slog.Logger) func(refresh.Progress) {
	last := time.Now()
	return func(p refresh.Progress) {
		if time.Since(last) >= progressEvery {
			last = time.Now()
			log.Info("reading Airtable", "pages", p.Pages, "records", p.Records)
		}
	}
}
