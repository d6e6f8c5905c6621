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

// warnings are what an operator should know besides the errors of runs. Each names a heading of the
// runbook.
func (a *API) warnings(view replica.View, calls airtableBody) []string {
	warnings := []string{}
	add := func(about watch.Kind, text string) { warnings = append(warnings, about.Refer(text)) }
	for _, fault := range view.Warnings { // those after the first follow from it
		add(faultKind(view.Warnings[0]), faultText(fault))
	}
	if view.File != nil {
		if err := view.File.DiskError(context.Background()); err != nil {
			add(watch.DiskFull, faultText(fmt.Errorf("the whole list is sent without temporary "+
				"files, which costs time: %w", err)))
		}
	}
	if since := view.Manifest.WatchdogSilent(); !since.IsZero() {
		warnings = append(warnings, silentWarning(since))
	}
	if a.Schedules.Off {
		add(watch.ScheduleOff, "SCHEDULE is off: this host starts no refresh by itself, "+
			"another program has to")
	}
	if hold := view.Manifest.Hold; hold != nil {
		add(watch.Held, holdWarning(hold, a.Now()))
	}
	if since := view.Manifest.QuotaUsedUp(a.Now()); !since.IsZero() {
		add(watch.QuotaHigh, fmt.Sprintf("Airtable has rejected calls since %s because the month's "+
			"calls are used up: scheduled refreshes retry once a day", since.UTC().Format(time.RFC3339)))
	}
	if calls.MonthlyCap > 0 && calls.Forecast > calls.MonthlyCap {
		add(watch.QuotaHigh, fmt.Sprintf("%d Airtable calls are expected this month, and "+
			"AIRTABLE_MONTHLY_CALLS is %d: sweeps are skipped now, and refreshes will be",
			calls.Forecast, calls.MonthlyCap))
	}
	if a.Platform.Public {
		add(watch.Public, PublicReads(a.Privacy))
	}
	return append(warnings, a.Platform.warnings(view)...)
}

// faultKind returns what a fault of the store is about.
func faultKind(fault error) watch.Kind {
	switch {
	case errors.Is(fault, manifest.ErrExposed):
		return watch.Withheld
	case errors.Is(fault, snapshot.ErrDiskFull):
		return watch.DiskFull
	case errors.Is(fault, manifest.ErrDamaged), errors.Is(fault, manifest.ErrNewer):
		return watch.Damaged
	}
	return watch.Unreadable
}

// faultText words a fault with the names of settings.
func faultText(fault error) string {
	text := fault.Error()
	if foreign, ok := errors.AsType[*manifest.ForeignError](fault); ok {
		text = fmt.Sprintf("%s: AIRTABLE_BASE_ID is %s, and SNAPSHOT_STORE must be of that base",
			text, foreign.Base)
	}
	if errors.Is(fault, manifest.ErrExposed) {
		text += ": run `voc refresh remap`, or wait for the next refresh"
	}
	if errors.Is(fault, snapshot.ErrDiskFull) {
		text += ": free space where TMPDIR is, for two unpacked snapshots; " +
			"the disk of a function has the size that EphemeralStorageMb gives it"
	}
	return text
}

// silentWarning says since when the watchdog has not looked.
func silentWarning(since time.Time) string {
	return watch.Silent.Refer("the watchdog has not looked since " + since.UTC().Format(time.RFC3339))
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

// errorKind returns what the error of a run is about.
func errorKind(run job.Run) watch.Kind {
	for _, words := range []string{"AIRTABLE_MONTHLY_CALLS is", "used up its API calls of the month"} {
		if strings.Contains(string(run.Error), words) {
			return watch.QuotaHigh
		}
	}
	return watch.Failed
}

// lateWarning describes a late refresh with the open error of its mode, or else of one that covers
// it. It contains no place.
func (a *API) lateWarning(l lateRefresh, open []job.Run) string {
	text := fmt.Sprintf("the %s refresh that was due at %s has not succeeded",
		l.mode, l.due.UTC().Format(time.RFC3339))
	i := slices.IndexFunc(open, func(run job.Run) bool { return run.Mode == l.mode })
	subject := "it"
	if i < 0 {
		i = slices.IndexFunc(open, func(run job.Run) bool { return run.Mode.Covers(l.mode) })
	}
	switch {
	case i < 0 && a.Schedules.Off:
		return watch.ScheduleOff.Refer(text + ": SCHEDULE is off, so none starts by itself")
	case i < 0:
		return watch.Overdue.Refer(text + ", and no run has reported an error")
	}
	run := open[i]
	if run.Mode != l.mode {
		subject = fmt.Sprintf("the %s refresh, which does as much,", run.Mode)
	}
	text += fmt.Sprintf("; %s ended as %s at %s",
		subject, run.Outcome, run.Finished.UTC().Format(time.RFC3339))
	kind, cause := errorKind(run), withoutPlaces(string(run.Error))
	if kind == watch.QuotaHigh {
		cause = "the calls to Airtable of this month are used up"
	}
	if cause != "" {
		text += ": " + cause
	}
	return kind.Refer(text + " (see last_error in /api/cache/)")
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
