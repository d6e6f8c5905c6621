package app

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"voc/internal/config"
	"voc/internal/job"
	"voc/internal/refresh"
	"voc/internal/schedule"
)

// Check reports whether a refresh would work, when the next ones are due, and who may read.
func Check(ctx context.Context, p Parts) (refresh.Report, error) {
	engine, err := NewRefresh(p)
	if err != nil {
		return refresh.Report{}, err
	}
	report := engine.Check(ctx)
	addSchedule(&report, p.Config.Schedule, p.Now())
	addReaders(&report, p.Config)
	return report, nil
}

// dueRun is a refresh by the schedule.
type dueRun struct {
	mode job.Mode
	at   time.Time
}

// nextRuns is how many runs a check lists.
const nextRuns = 5

func addSchedule(report *refresh.Report, s config.Schedule, now time.Time) {
	var due []dueRun
	for mode, by := range map[job.Mode]schedule.Schedule{
		job.Full: s.Full, job.Sweep: s.Sweep, job.Incremental: s.Incremental,
	} {
		at := now
		for range nextRuns {
			if at = by.Next(at); at.IsZero() {
				break
			}
			due = append(due, dueRun{mode, at})
		}
	}
	slices.SortFunc(due, func(a, b dueRun) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.mode, b.mode))
	})
	for _, run := range due[:min(len(due), nextRuns)] {
		report.Add(refresh.PartSchedule, refresh.Fine, "%s (%s) is the next %s",
			run.at.In(s.Zone).Format("Mon 2006-01-02 15:04 MST"),
			run.at.UTC().Format("Mon 15:04 UTC"), run.mode)
	}
	if !s.On {
		report.Add(refresh.PartSchedule, refresh.Note,
			"SCHEDULE=off: this server does not start them; another program has to")
	}
}

func addReaders(report *refresh.Report, c config.Config) {
	if c.Function != (config.Function{}) {
		return // of a refresh function: the API function has the settings
	}
	policy := c.Access
	tokens := len(policy.ReadTokens) + len(policy.AdminTokens)
	switch policy.Reads {
	case "public":
		report.Add(refresh.PartReaders, refresh.Fine,
			"READ_ACCESS is public: any client that can connect to %s may read", c.Addr)
	default:
		report.Add(refresh.PartReaders, refresh.Fine,
			"READ_ACCESS is %s: %d tokens of READ_TOKENS and ADMIN_TOKENS may read, at %s",
			policy.Reads, tokens, c.Addr)
	}
	if len(policy.AdminTokens) == 0 {
		report.Add(refresh.PartReaders, refresh.Note,
			"no client may start a refresh or a rollback: set ADMIN_TOKENS to allow it")
	} else {
		report.Add(refresh.PartReaders, refresh.Fine,
			"%d tokens of ADMIN_TOKENS may start refreshes and rollbacks", len(policy.AdminTokens))
	}
	if len(policy.Origins) > 0 {
		report.Add(refresh.PartReaders, refresh.Fine, "pages of these origins may read: %s",
			strings.Join(policy.Origins, ", "))
	} else {
		report.Add(refresh.PartReaders, refresh.Note, "pages of other origins cannot read it in a "+
			"browser: set CORS_ORIGINS to the dashboard's, if there is one")
	}
	if len(policy.Users) > 0 {
		report.Add(refresh.PartReaders, refresh.Fine, "%d users may sign in", len(policy.Users))
	}
}
