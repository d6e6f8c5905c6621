package serverhost

import (
	"context"
	"fmt"

	"voc/internal/app"
	"voc/internal/job"
	"voc/internal/refresh"
)

// refreshCmd refreshes once and prints the receipt, or checks whether a refresh would work.
type refreshCmd struct {
	Mode   string `arg:"" enum:"full,sweep,incremental,remap,check" help:"${modes}"`
	Accept bool   `help:"Publish what the gate would reject, and overwrite a damaged manifest."`
	DryRun bool   `help:"Print the receipt without publishing."`
}

const modesHelp = "full reads every record; incremental reads what has changed; sweep also finds " +
	"deleted records and computed values; remap maps the records that are there again, without " +
	"Airtable; check only reports whether a refresh would work."

// Run refreshes or checks.
func (c refreshCmd) Run(ctx context.Context, p *Program) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if c.Mode == "check" {
		return p.check(ctx, s.Parts)
	}
	engine, err := app.NewRefresh(s.Parts)
	if err != nil {
		return err
	}
	progress := newProgress(s.Log)
	progress.terminal = p.stderrTerminal()
	defer progress.finish()
	request := job.Request{Mode: job.Mode(c.Mode), Accept: c.Accept, DryRun: c.DryRun}
	return p.runOnce(ctx, s.Parts, engine, request, progress.show)
}

// check prints a report. It returns an error if something is wrong.
func (p *Program) check(ctx context.Context, parts app.Parts) error {
	report, err := app.Check(ctx, parts)
	if err != nil {
		return err
	}
	t := table{indent: len("schedule   WRONG  ")}
	part := refresh.Part("")
	for _, line := range report.Lines {
		name := string(line.Part)
		if line.Part == part {
			name = ""
		}
		part = line.Part
		t.row(fmt.Sprintf("%-10s %s", name, line.Level), line.Text)
	}
	if err := t.print(p.Stdout); err != nil {
		return err
	}
	if report.FieldMap != "" {
		fmt.Fprintf(p.Stdout, "\nA setting to start from, for a shell or an environment file:\n\n%s\n",
			report.FieldMap)
	}
	if len(report.Texts(refresh.Wrong)) > 0 {
		fmt.Fprintln(p.Stdout, "\nCorrect what is WRONG, then run voc refresh check again.")
		return errPrinted
	}
	fmt.Fprintln(p.Stdout, "\na refresh would work: voc refresh full")
	return nil
}

// rollbackCmd makes an older snapshot current and prints the receipt.
type rollbackCmd struct {
	To string `arg:"" help:"Id of a snapshot (GET /api/cache/snapshots lists them), or previous."`
}

// Run rolls back.
func (c rollbackCmd) Run(ctx context.Context, p *Program) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	engine, err := app.NewRefresh(s.Parts)
	if err != nil {
		return err
	}
	return p.runOnce(ctx, s.Parts, engine, job.Request{Mode: job.Rollback, To: c.To}, nil)
}

// runOnce does one run and prints its receipt. It returns an error if the run did not succeed.
func (p *Program) runOnce(
	ctx context.Context, parts app.Parts, engine *refresh.Engine, r job.Request,
	watch func(refresh.Progress),
) error {
	r.ID, r.Trigger = job.NewRunID(r.Mode, p.now()), job.TriggerCLI
	receipt, unrecorded := engine.Run(ctx, r, watch)
	app.AfterRun(ctx, parts, r, receipt)
	if err := p.printJSON(receipt); err != nil {
		return err
	}
	if unrecorded != nil {
		fmt.Fprintln(p.Stderr, "voc:", unrecorded)
	}
	if !receipt.Succeeded() && receipt.Outcome != job.Nullable(job.Joined) {
		return fmt.Errorf("the run is %s: %s", receipt.Outcome, receipt.Error)
	}
	return nil
}
