package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/replica"
	"voc/internal/snapshot"
	"voc/internal/watch"
)

// warnings are what an operator should know besides the errors of runs.
func (a *API) warnings(view replica.View, calls airtableBody) []string {
	warnings := []string{}
	faults := view.Warnings
	if view.File != nil {
		if err := view.File.DiskError(context.Background()); err != nil {
			faults = append(slices.Clone(faults), fmt.Errorf("the whole list is sent without "+
				"temporary files, which costs time: %w", err))
		}
	}
	for _, warning := range faults {
		text := warning.Error()
		if foreign, ok := errors.AsType[*manifest.ForeignError](warning); ok {
			text = fmt.Sprintf("%s: AIRTABLE_BASE_ID is %s, and SNAPSHOT_STORE must be of that base",
				text, foreign.Base)
		}
		if errors.Is(warning, manifest.ErrExposed) {
			text += ": run `voc refresh remap`, or wait for the next refresh"
		}
		if errors.Is(warning, snapshot.ErrDiskFull) {
			text += ": free space where TMPDIR is, for two unpacked snapshots; " +
				"the disk of a function has the size that EphemeralStorageMb gives it"
		}
		warnings = append(warnings, text)
	}
	if hold := view.Manifest.Hold; hold != nil {
		warnings = append(warnings, holdWarning(hold, a.Now()))
	}
	if since := view.Manifest.QuotaUsedUp(a.Now()); !since.IsZero() {
		warnings = append(warnings, fmt.Sprintf("Airtable has rejected calls since %s because "+
			"the month's calls are used up: scheduled refreshes retry once a day",
			since.UTC().Format(time.RFC3339)))
	}
	if calls.MonthlyCap > 0 && calls.Forecast > calls.MonthlyCap {
		warnings = append(warnings, fmt.Sprintf("%d Airtable calls are expected this month, "+
			"and AIRTABLE_MONTHLY_CALLS is %d: sweeps are skipped now, and refreshes will be",
			calls.Forecast, calls.MonthlyCap))
	}
	return append(warnings, a.Platform.warnings(view.File)...)
}

// PublicReads is the warning of a host where reads need no token and that other machines can
// reach: it says who reads what, and how to narrow it.
func PublicReads(p feedback.Privacy) string {
	return "READ_ACCESS=public: anyone who can reach this address reads, searches and exports every " +
		"record without a token, and " + p.String() + ". PRIVATE_FIELDS hides more, and " +
		"READ_ACCESS=token asks for a token. Neither CORS_ORIGINS nor the dashboard's sign-in keeps " +
		"readers out. Addresses inside of texts are not looked for"
}

// holdWarning describes the hold that a rollback leaves.
func holdWarning(hold *job.Hold, now time.Time) string {
	age := max(now.Sub(hold.At.Time), 0)
	return fmt.Sprintf("rolled back to snapshot %s at %s, %d h %d min ago: "+
		"scheduled refreshes are held until a person starts one",
		hold.Snapshot, hold.At.UTC().Format(time.RFC3339),
		int(age.Hours()), int(age.Minutes())%60)
}

// errorText returns the error of a run, which is never empty.
func errorText(run job.Run) string {
	return cmp.Or(string(run.Error), "the run ended as "+string(run.Outcome))
}

// warning describes a late refresh with the open error of its mode, or else of one that covers it.
// It contains no place.
func (l lateRefresh) warning(open []job.Run) string {
	text := fmt.Sprintf("the %s refresh that was due at %s has not succeeded",
		l.mode, l.due.UTC().Format(time.RFC3339))
	i := slices.IndexFunc(open, func(run job.Run) bool { return run.Mode == l.mode })
	subject := "it"
	if i < 0 {
		i = slices.IndexFunc(open, func(run job.Run) bool { return run.Mode.Covers(l.mode) })
	}
	if i < 0 {
		return watch.Overdue.Refer(text + ", and no run has reported an error")
	}
	run := open[i]
	if run.Mode != l.mode {
		subject = fmt.Sprintf("the %s refresh, which does as much,", run.Mode)
	}
	text += fmt.Sprintf("; %s ended as %s at %s",
		subject, run.Outcome, run.Finished.UTC().Format(time.RFC3339))
	if cause := withoutPlaces(string(run.Error)); cause != "" {
		text += ": " + cause
	}
	return watch.Failed.Refer(text + " (see last_error in /api/cache/)")
}

var (
	clauseEnd = regexp.MustCompile(`[:;.] `)
	// plainClause has words and numbers only: no address, path, id or quoted name.
	plainClause = regexp.MustCompile(`^(?:[A-Za-z_'(),-]+|[0-9,]+)(?: (?:[A-Za-z_'(),-]+|[0-9,]+))*$`)
)

// withoutPlaces returns the start of a text, up to its first clause of several words, without the
// clauses that may name a path, a bucket, a host or an id. Strangers may read it.
func withoutPlaces(text string) string {
	var plain []string
	for _, clause := range clauseEnd.Split(text, -1) {
		if !plainClause.MatchString(clause) {
			continue
		}
		plain = append(plain, clause)
		if strings.Contains(clause, " ") {
			break
		}
	}
	return strings.Join(plain, ": ")
}
