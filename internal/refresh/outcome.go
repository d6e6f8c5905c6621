package refresh

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"voc/internal/airtable"
	"voc/internal/job"
	"voc/internal/manifest"
)

// gateError is why the publish gate did not let a run through. It is a judgement about the data, and no fault.
type gateError struct{ why string }

func (g *gateError) Error() string { return g.why }

// errSkipped is why a run that nobody asked for is left out.
var errSkipped = errors.New("skipped")

// judge writes into the receipt how a run ended that did not succeed, and why.
func (r *run) judge(ctx context.Context, err error) {
	outcome, log := r.outcome(ctx, err)
	r.receipt.Outcome, r.receipt.Error = job.Nullable(outcome), job.Nullable(r.explain(ctx, err))
	r.receipt.Skipped = errors.Is(err, errSkipped)
	r.receipt.Final = outcome == job.Failed && final(err)
	if refusal, ok := errors.AsType[*airtable.Error](err); ok && !refusal.Date.IsZero() {
		r.receipt.AirtableFinished = job.At(refusal.Date)
		r.receipt.QuotaUsedUp = errors.Is(refusal, airtable.ErrQuota)
	}
	log(ctx, "refresh "+string(outcome)+", what was served stays", "run", r.receipt.ID, "error", err)
}

func (r *run) outcome(ctx context.Context, err error) (job.Outcome, func(ctx context.Context, text string, args ...any)) {
	_, refused := errors.AsType[*gateError](err)
	switch {
	case refused:
		return job.Refused, r.Log.ErrorContext
	case errors.Is(err, job.ErrFenced):
		return job.Fenced, r.Log.WarnContext
	case errors.Is(err, job.ErrHeld), errors.Is(err, errSkipped):
		return job.Held, r.Log.InfoContext
	case timeUp(ctx, err):
		return job.RetryLater, r.Log.WarnContext
	}
	return job.Failed, r.Log.ErrorContext
}

// timeUp says whether the run's own time was up, or would be before Airtable may be asked again. A network that does not answer is another matter, although its errors
// look alike.
func timeUp(ctx context.Context, err error) bool {
	return errors.Is(err, airtable.ErrTooLate) || errors.Is(ctx.Err(), context.DeadlineExceeded)
}

// explain words an end for the status.
func (r *run) explain(ctx context.Context, err error) string {
	switch {
	case errors.Is(context.Cause(ctx), job.ErrStopped):
		return "the program was stopped during the refresh; the next one does its work"
	case errors.Is(err, job.ErrFenced):
		return "a rollback came in between, or another run has taken over while this one could not be heard of; it published nothing, and what became current meanwhile stays"
	case errors.Is(err, manifest.ErrMoved):
		return fmt.Sprintf("%v; nothing is lost, the next refresh does the work of this one", err)
	case timeUp(ctx, err):
		return fmt.Sprintf("the time for this refresh was up; run it again, or give it more: %s", withAdvice(err))
	}
	return withAdvice(err)
}

// final says whether the same would fail in the same way again: only a person, or the next month, changes what is wrong.
func final(err error) bool {
	if errors.Is(err, airtable.ErrBudget) || errors.Is(err, airtable.ErrQuota) || errors.Is(err, manifest.ErrForeign) || errors.Is(err, manifest.ErrNoSuchSnapshot) {
		return true
	}
	refusal, ok := errors.AsType[*airtable.Error](err)
	if !ok || refusal.Err != nil {
		return false
	}
	switch refusal.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}
