package watch

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"voc/internal/job"
	"voc/internal/manifest"
)

// Alert is something that is wrong.
type Alert struct {
	Kind  Kind     `json:"kind"`
	Since job.Time `json:"since"`
	Cause string   `json:"cause"`
}

// Facts is what alerts are found in.
type Facts struct {
	Manifest manifest.Manifest
	Fault    error // of the read of the manifest or of its snapshot; nil: none
	Memory   State
	Now      time.Time
	Watchdog bool // the watchdog looks; else a run that has ended
}

const (
	// heldFor is how long a hold is no alert: a rollback is made on purpose.
	heldFor = 24 * time.Hour
	// quotaShare is the share of the cap from which the calls of the month are an alert.
	quotaShare = 0.8
)

// Find returns what is wrong, at most one alert of each kind.
func (c Calendar) Find(f Facts) (alerts []Alert) {
	add := func(kind Kind, since time.Time, cause string) {
		alerts = append(alerts, Alert{kind, job.At(since), cause})
	}
	m, now := f.Manifest, f.Now
	switch {
	case errors.Is(f.Fault, manifest.ErrDamaged), errors.Is(f.Fault, manifest.ErrNewer):
		add(Damaged, now, f.Fault.Error())
	case f.Fault != nil:
		add(Unreadable, now, f.Fault.Error())
	}
	if f.Fault != nil && m.Generation == 0 { // the rest is not known: what was open stays open
		for _, o := range f.Memory.Open {
			if o.Pending != Over && o.Kind != Unreadable && o.Kind != Damaged {
				alerts = append(alerts, o.Alert)
			}
		}
		return alerts
	}
	failed := m.OpenErrors(now)
	if len(failed) > 0 {
		add(Failed, failed[len(failed)-1].Started.Time, describe(failed))
	}
	if late := c.unexplained(f, failed); len(late) > 0 {
		kind := Overdue
		if !c.On {
			kind = ScheduleOff
		}
		cause := fmt.Sprintf("the %s refresh that was due at %s has not succeeded, and no run "+
			"has reported an error", late[0].Mode, late[0].Due.UTC().Format(time.RFC3339))
		if !c.On {
			cause += ": SCHEDULE is off, so none starts by itself"
		}
		add(kind, late[0].Due, cause)
	}
	if share := c.QuotaUsed(m, now); share > quotaShare {
		add(QuotaHigh, now, fmt.Sprintf("%d calls to Airtable were made this month, %.0f %% of "+
			"what it allows are made or expected", m.CallsIn(now), share*100))
	}
	if m.Hold != nil && now.Sub(m.Hold.At.Time) >= heldFor {
		add(Held, m.Hold.At.Time, "a rollback to snapshot "+m.Hold.Snapshot+
			" has held scheduled refreshes for more than a day")
	}
	if since, cause := renamedFields(m); cause != "" {
		add(Renamed, since, cause)
	}
	if audit := f.Memory.Audit; audit.Differing > 0 {
		add(Differs, audit.At.Time, fmt.Sprintf("%d of %d records differ from Airtable",
			audit.Differing, audit.Checked))
	}
	if drill := f.Memory.Drill; drill.Error != "" {
		add(DrillFailed, drill.TriedAt.Time, drill.Error)
	}
	looked := f.Memory.LookedAt
	if !f.Watchdog && !looked.IsZero() && now.Sub(looked.Time) > job.SilentFor {
		add(Silent, looked.Time, "the watchdog has not looked since "+
			looked.UTC().Format(time.RFC3339))
	}
	return alerts
}

// unexplained returns the refreshes that are overdue without an open error of the same mode, or of
// one that covers it and began since, and the first full if there is no data at the watchdog's
// second look.
func (c Calendar) unexplained(f Facts, failed []job.Run) (late []Late) {
	if f.Fault == nil && f.Manifest.Current == "" && len(failed) == 0 &&
		!f.Memory.LookedAt.IsZero() {
		return []Late{{job.Full, f.Memory.LookedAt.Time}}
	}
	for _, l := range c.Overdue(f.Manifest, f.Now) {
		explained := false
		for _, run := range failed {
			explained = explained || run.Mode == l.Mode ||
				run.Mode.Covers(l.Mode) && !run.Started.Before(l.Due) // the run covers it
		}
		if !explained {
			late = append(late, l)
		}
	}
	return late
}

// QuotaUsed returns the share of the month's calls that is used, or that will be if more than all
// are expected. It is 1 while Airtable rejects calls, and 0 without a cap.
func (c Calendar) QuotaUsed(m manifest.Manifest, now time.Time) float64 {
	if !m.QuotaUsedUp(now).IsZero() {
		return 1
	}
	if c.MonthlyCalls == 0 {
		return 0
	}
	cap := float64(c.MonthlyCalls)
	used, expected := float64(m.CallsIn(now))/cap, 0.0
	if c.Due != nil {
		expected = float64(m.Forecast(now, c.Due(now), m.Records(), c.Quota)) / cap
	}
	if expected > 1 {
		return expected
	}
	return used
}

// renamedFields returns what the last refresh that succeeded said of renamed fields, and when; ""
// if none is.
func renamedFields(m manifest.Manifest) (since time.Time, cause string) {
	run := m.LastSuccess()
	var renamed []string
	for _, warning := range run.Warnings {
		if job.IsRename(warning) {
			renamed = append(renamed, warning)
		}
	}
	return run.Started.Time, strings.Join(renamed, "; ")
}

// describe words the open errors, the newest first.
func describe(failed []job.Run) string {
	newest := failed[0]
	text := fmt.Sprintf("the %s refresh %s: %s", newest.Mode, newest.Outcome,
		cmp.Or(string(newest.Error), "without an error"))
	for _, run := range failed[1:] {
		text += fmt.Sprintf("; the %s refresh %s as well", run.Mode, run.Outcome)
	}
	return text
}
