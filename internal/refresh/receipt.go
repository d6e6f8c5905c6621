package refresh

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"voc/internal/airtable"
	"voc/internal/job"
	"voc/internal/manifest"
)

// errSkipped is why a run that no person requested is left out.
var errSkipped = errors.New("skipped")

// receipt returns the receipt so far.
func (s steps) receipt() job.Run {
	run := s.run
	run.SnapshotBefore = job.Nullable(s.parent.current.ID)
	run.Warnings = s.warnings()
	if s.plan.mode != "" {
		run.Mode = s.plan.mode
	}
	if s.staged.draft != nil && s.plan.mode != job.Remap {
		run.AirtableStarted, run.Filter = job.At(s.plan.watermark), s.plan.formula
		run.SchemaSHA256 = s.plan.schemaDigest()
	}
	run.Pages, run.Read = s.staged.pages, s.staged.read
	run.AirtableFinished = job.At(s.staged.last)
	run.Added, run.Changed = s.built.diff.Added, s.built.diff.Changed
	run.Removed, run.Unchanged = s.built.diff.Removed, s.built.diff.Unchanged
	run.ContentSHA256 = s.built.contents.ContentSHA256
	run.ComputedSHA256 = s.built.contents.ComputedSHA256
	return run
}

// warnings returns those of all steps, each once.
func (s steps) warnings() (all []string) {
	for _, warning := range slices.Concat(s.parent.warnings, s.plan.warnings, s.staged.warnings,
		s.verdict.warnings) {
		if !slices.Contains(all, warning) {
			all = append(all, warning)
		}
	}
	return all
}

// failed returns the receipt of a run that did not succeed, with its outcome and the
// reason. ctx is that of the run's work.
func (e *Engine) failed(ctx context.Context, run job.Run, err error) job.Run {
	outcome := job.Failed
	_, rejected := errors.AsType[*gateError](err)
	switch {
	case rejected:
		outcome = job.Refused
	case errors.Is(err, job.ErrFenced):
		outcome = job.Fenced
	case errors.Is(err, job.ErrHeld), errors.Is(err, errSkipped):
		outcome = job.Held
	case outOfTime(ctx, err):
		outcome = job.RetryLater
	}
	run.Outcome = job.Nullable(outcome)
	run.Error = job.Nullable(explain(ctx, err))
	run.Skipped = errors.Is(err, errSkipped)
	run.Final = outcome == job.Failed && final(err)
	if refusal, ok := errors.AsType[*airtable.Error](err); ok && !refusal.Date.IsZero() {
		run.AirtableFinished = job.At(refusal.Date)
		run.QuotaUsedUp = errors.Is(refusal, airtable.ErrQuota)
	}
	return run
}

// outOfTime reports whether the run's own time was up, or would be before Airtable accepts
// the next call. A network that does not respond is another matter, although its errors
// look alike.
func outOfTime(ctx context.Context, err error) bool {
	return errors.Is(err, airtable.ErrTooLate) || errors.Is(ctx.Err(), context.DeadlineExceeded)
}

// explain words the end of a run for the receipt.
func explain(ctx context.Context, err error) string {
	switch {
	case errors.Is(context.Cause(ctx), job.ErrStopped):
		return "the process was stopped during the refresh; the next refresh does its work"
	case errors.Is(err, job.ErrFenced):
		return "fenced by a rollback, or by another run that took over when this one stopped " +
			"renewing its lease; it published nothing, and the snapshot that is current now stays"
	case errors.Is(err, manifest.ErrMoved), errors.Is(err, manifest.ErrBaseLost):
		return fmt.Sprintf("%v; nothing is lost, the next refresh does the work of this one", err)
	case outOfTime(ctx, err):
		return fmt.Sprintf("the refresh ran out of time; run it again, or allow it more: %s",
			withAdvice(err))
	}
	return withAdvice(err)
}

// final reports whether the run would fail again in the same way: only a person, or the
// next month, changes what is wrong.
func final(err error) bool {
	for _, lasting := range []error{
		airtable.ErrBudget, airtable.ErrQuota, manifest.ErrForeign, manifest.ErrNoSuchSnapshot,
		manifest.ErrExposed,
	} {
		if errors.Is(err, lasting) {
			return true
		}
	}
	refusal, ok := errors.AsType[*airtable.Error](err)
	if !ok || refusal.Err != nil || refusal.Temporary() {
		return false
	}
	switch refusal.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}
