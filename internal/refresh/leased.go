package refresh

import (
	"context"
	"errors"
	"time"

	"voc/internal/job"
)

// leased does the run once it has the lease, and keeps that meanwhile. A run that another host does and that does as much is waited for instead.
func (r *run) leased(ctx context.Context) error {
	done, err := r.begin(ctx)
	if done || err != nil {
		return err
	}
	ctx, release := r.keepLease(ctx)
	defer release()
	err = r.do(ctx)
	if err != nil && errors.Is(context.Cause(ctx), job.ErrFenced) {
		return job.ErrFenced
	}
	return err
}

// begin takes the lease. done says that there is nothing to do any more, and the receipt is written.
func (r *run) begin(ctx context.Context) (done bool, err error) {
	request := r.request
	for waited := false; ; {
		m, run, err := r.Store.Acquire(ctx, r.Base, request, r.receipt)
		if errors.Is(err, job.ErrDone) {
			r.receipt, _ = m.Receipt(r.receipt.ID)
			return true, nil
		}
		busy, ok := errors.AsType[*job.BusyError](err)
		if err == nil {
			r.manifest, r.receipt = m, run
			return false, breather(ctx, waited)
		}
		if !ok {
			return false, err
		}
		if !request.Hold.Known { // from now on it waits: a rollback that comes fences it
			request.Hold = m.KnownHold()
		}
		if done, err := r.await(ctx, busy.Lease); done || err != nil {
			return done, err
		}
		waited = true
	}
}

// breather lets a second pass after another host's run: Airtable counts the calls of a second, whoever makes them.
func breather(ctx context.Context, waited bool) error {
	if !waited {
		return nil
	}
	select {
	case <-time.After(time.Second):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// await waits until another run has ended. One that did as much as this one would, and succeeded, has done its work.
func (r *run) await(ctx context.Context, other job.Lease) (done bool, err error) {
	r.Log.InfoContext(ctx, "another run is under way, and is waited for", "run", r.receipt.ID, "other", other.Run.ID, "by", other.Holder.String())
	ended, ok, err := r.Store.Await(ctx, other.Run)
	if err != nil || !ok {
		return false, err
	}
	other.Run.Mode = ended.Mode // it may have done more than it was asked for
	if !ended.Succeeded() || !r.request.JoinedBy(other.Request()) || ended.ID == r.receipt.ID {
		return false, nil
	}
	r.finish()
	r.receipt.Outcome, r.receipt.JoinedRun = job.Nullable(job.Joined), job.Nullable(ended.ID)
	r.receipt.SnapshotBefore, r.receipt.SnapshotAfter = ended.SnapshotBefore, ended.SnapshotAfter
	r.receipt, err = r.Store.Record(ctx, r.receipt)
	return true, err
}

// keepLease renews the lease while the run is under way, and ends its context when it is lost. A store that can not be reached for a while is no reason to stop: at the end
// it tells whose the lease is.
func (r *run) keepLease(ctx context.Context) (context.Context, func()) {
	r.show()
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(job.RenewEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				r.renew(ctx, cancel)
			}
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-ended
	}
}

func (r *run) renew(ctx context.Context, cancel context.CancelCauseFunc) {
	run := *r.shown.Load()
	run.AirtableCalls = r.Airtable.Counts().Calls - r.before.Calls
	err := r.Store.Renew(ctx, run)
	switch {
	case errors.Is(err, job.ErrFenced):
		cancel(err)
	case err != nil && ctx.Err() == nil:
		r.Log.WarnContext(ctx, "the lease of the refresh was not renewed", "run", run.ID, "error", err)
	}
}

// show tells whoever renews the lease how far the run has come.
func (r *run) show() {
	soFar := r.receipt
	r.shown.Store(&soFar)
}
