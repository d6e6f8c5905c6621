package serverhost

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"voc/internal/app"
	"voc/internal/job"
	"voc/internal/refresh"
)

// refreshCmd is the command that refreshes once.
type refreshCmd struct {
	Mode   string `arg:"" enum:"full,sweep,incremental,check" help:"full reads all, incremental what has changed, sweep also what is gone or computed anew; check only tells whether they would work."`
	Accept bool   `help:"Publish even what the gate would refuse, and write over a damaged manifest."`
	DryRun bool   `help:"Publish nothing: show the receipt as it would be."`
}

// Run refreshes, and prints the receipt; or checks, and prints what it found.
func (c refreshCmd) Run(ctx context.Context, p *Program) error {
	if c.Mode == "check" {
		return p.withEngine(ctx, p.check)
	}
	return p.withEngine(ctx, func(ctx context.Context, engine *refresh.Engine, log *slog.Logger) error {
		progress, done := p.showProgress(log)
		defer done()
		q := job.Request{Mode: job.Mode(c.Mode), Accept: c.Accept, DryRun: c.DryRun}
		return p.once(ctx, engine, q, progress)
	})
}

// rollbackCmd is the command that makes an older snapshot current.
type rollbackCmd struct {
	To string `arg:"" help:"Id of a snapshot (GET /api/cache/snapshots lists them), or previous."`
}

// Run rolls back, and prints the receipt.
func (c rollbackCmd) Run(ctx context.Context, p *Program) error {
	return p.withEngine(ctx, func(ctx context.Context, engine *refresh.Engine, _ *slog.Logger) error {
		return p.once(ctx, engine, job.Request{Mode: job.Rollback, To: c.To}, nil)
	})
}

// withEngine does something with what refreshes the configured store.
func (p *Program) withEngine(ctx context.Context, do func(context.Context, *refresh.Engine, *slog.Logger) error) error {
	cfg, err := p.load()
	if err != nil {
		return err
	}
	s, err := p.open(ctx, cfg, p.Stderr)
	if err != nil {
		return err
	}
	defer s.close()
	engine, err := app.NewRefresh(s.Parts)
	if err != nil {
		return err
	}
	return do(ctx, engine, s.Log)
}

// once does one run and prints its receipt.
func (p *Program) once(ctx context.Context, engine *refresh.Engine, q job.Request, watch func(refresh.Progress)) error {
	q.ID, q.Trigger = job.NewRunID(q.Mode, p.now()), job.TriggerCLI
	receipt, unrecorded := engine.Run(ctx, q, watch)
	if err := p.printJSON(receipt); err != nil {
		return err
	}
	if unrecorded != nil {
		fmt.Fprintln(p.Stderr, "voc:", unrecorded)
	}
	if outcome := job.Outcome(receipt.Outcome); !outcome.Succeeded() && outcome != job.Joined {
		return fmt.Errorf("the run is %s: %s", outcome, receipt.Error)
	}
	return nil
}

func (p *Program) check(ctx context.Context, engine *refresh.Engine, _ *slog.Logger) error {
	report := engine.Check(ctx)
	for _, line := range report.Fine {
		fmt.Fprintln(p.Stdout, "ok     ", line)
	}
	for _, line := range report.Notes {
		fmt.Fprintln(p.Stdout, "note   ", line)
	}
	for _, line := range report.Findings {
		fmt.Fprintln(p.Stdout, "WRONG  ", line)
	}
	if len(report.Findings) > 0 {
		return errPrinted
	}
	fmt.Fprintln(p.Stdout, "a refresh would work")
	return nil
}

// progressEvery is the least time between two lines of progress in a log.
const progressEvery = 5 * time.Second

// showProgress shows a run's progress: in one moving line on a terminal, in a line now and then elsewhere.
func (p *Program) showProgress(log *slog.Logger) (progress func(refresh.Progress), done func()) {
	screen, ok := p.Stderr.(*os.File)
	if !ok || !term.IsTerminal(int(screen.Fd())) {
		return logProgress(log), func() {}
	}
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(screen), progressbar.OptionSetDescription("reading Airtable"),
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
