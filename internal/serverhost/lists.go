package serverhost

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"voc/internal/job"
)

// runsCmd prints the last runs.
type runsCmd struct {
	URL   string `arg:"" optional:"" name:"url" help:"${url}"`
	Limit int    `short:"n" default:"20" help:"How many runs to print, 1 to 200."`
	JSON  bool   `name:"json" help:"Print the receipts."`
}

// Run prints a line for each run, and the errors below.
func (c runsCmd) Run(ctx context.Context, p *Program) error {
	a, err := p.openAPI(ctx, c.URL)
	if err != nil {
		return err
	}
	defer a.close()
	answer, err := a.get(ctx, fmt.Sprintf("/api/cache/runs?limit=%d", c.Limit))
	if err != nil {
		return err
	}
	if c.JSON {
		return p.indent(answer.body)
	}
	var runs []job.Run
	if err := json.Unmarshal(answer.body, &runs); err != nil {
		return err
	}
	const format = "%-20s %-11s %-8s %-11s %6s %6s %6s %5s\n"
	fmt.Fprintf(p.Stdout, format, "started", "mode", "trigger", "outcome",
		"added", "change", "remove", "calls")
	for _, run := range runs {
		outcome := string(run.Outcome)
		if outcome == "" {
			outcome = "running"
		}
		fmt.Fprintf(p.Stdout, format, minute(run.Started), run.Mode, run.Trigger, outcome,
			fmt.Sprint(run.Added), fmt.Sprint(run.Changed), fmt.Sprint(run.Removed),
			fmt.Sprint(run.AirtableCalls))
		if run.Error != "" {
			t := table{indent: len("    ")}
			t.row("", string(run.Error))
			if err := t.print(p.Stdout); err != nil {
				return err
			}
		}
	}
	if len(runs) == 0 {
		fmt.Fprintln(p.Stdout, "there was no run yet: voc refresh full")
	}
	return nil
}

// snapshotsCmd prints the snapshots to which the store can be rolled back.
type snapshotsCmd struct {
	URL  string `arg:"" optional:"" name:"url" help:"${url}"`
	JSON bool   `name:"json" help:"Print the response of GET /api/cache/snapshots."`
}

// Run prints a line for each snapshot, the newest first.
func (c snapshotsCmd) Run(ctx context.Context, p *Program) error {
	a, err := p.openAPI(ctx, c.URL)
	if err != nil {
		return err
	}
	defer a.close()
	answer, err := a.get(ctx, "/api/cache/snapshots")
	if err != nil {
		return err
	}
	if c.JSON {
		return p.indent(answer.body)
	}
	var snapshots []struct {
		ID       string
		Records  int
		DataAsOf job.Time `json:"data_as_of"`
		Current  bool
	}
	if err := json.Unmarshal(answer.body, &snapshots); err != nil {
		return err
	}
	const format = "  %-47s %7s  %s"
	fmt.Fprintf(p.Stdout, format+"\n", "id", "records", "data as of")
	for _, s := range snapshots {
		line := fmt.Sprintf(format, s.ID, fmt.Sprint(s.Records), minute(s.DataAsOf))
		if s.Current {
			line = "*" + strings.TrimPrefix(line, " ")
		}
		fmt.Fprintln(p.Stdout, line)
	}
	if len(snapshots) > 0 {
		fmt.Fprintln(p.Stdout, "* is served. voc rollback ID makes another one current.")
		return nil
	}
	fmt.Fprintln(p.Stdout, "there is no snapshot yet: voc refresh full")
	return nil
}
