package refresh

import (
	"context"
	"errors"
	"time"

	"voc/internal/job"
	"voc/internal/manifest"
)

// lease is what an attempt may start with.
type lease struct {
	manifest manifest.Manifest // that the run starts from
	run      job.Run           // the receipt so far, with its fencing number
	done     bool              // there is nothing left to do, and run is the receipt in the store
}

// acquire acquires the lease for an attempt; a dry run reads the manifest only. While
// another host's run holds the lease, acquire waits for it, and joins it if it did the work
// of this one.
func (e *Engine) acquire(ctx context.Context, a attempt) (lease, error) {
	store, request := e.cfg.Store, a.request
	if request.DryRun {
		load := store.Load
		if request.Accept {
			load = store.LoadForRepair
		}
		m, err := load(ctx)
		return lease{manifest: m, run: a.run}, err
	}
	for waited := false; ; waited = true {
		m, run, err := store.Acquire(ctx, e.cfg.Base, request, a.run)
		busy, ok := errors.AsType[*job.BusyError](err)
		switch {
		case err == nil && waited:
			return lease{manifest: m, run: run}, waitOneSecond(ctx)
		case err == nil:
			return lease{manifest: m, run: run}, nil
		case errors.Is(err, job.ErrDone):
			receipt, _ := m.Receipt(a.run.ID)
			return lease{run: receipt, done: true}, nil
		case !ok:
			return lease{run: a.run}, err
		}
		if !request.Hold.Known { // it waits from now on: a later rollback fences it
			request.Hold = m.KnownHold()
		}
		if joined, ok, err := e.await(ctx, a, busy.Lease); ok || err != nil {
			return lease{run: joined, done: ok}, err
		}
	}
}

// await waits until another host's run has ended. If that did the work of this one and
// succeeded, await writes the receipt of a run that joined it.
func (e *Engine) await(
	ctx context.Context, a attempt, other job.Lease,
) (receipt job.Run, joined bool, err error) {
	e.cfg.Log.InfoContext(ctx, "waiting for another host's run",
		"run", a.run.ID, "other", other.Run.ID, "by", other.Holder.String())
	ended, ok, err := e.cfg.Store.Await(ctx, other.Run)
	if err != nil || !ok {
		return a.run, false, err
	}
	other.Run.Mode = ended.Mode // it may have done more than was requested
	if !ended.Succeeded() || !a.request.JoinedBy(other.Request()) || ended.ID == a.run.ID {
		return a.run, false, nil
	}
	receipt = a.finish(a.run, e.cfg.Now())
	receipt.Outcome, receipt.JoinedRun = job.Nullable(job.Joined), job.Nullable(ended.ID)
	receipt.SnapshotBefore, receipt.SnapshotAfter = ended.SnapshotBefore, ended.SnapshotAfter
	receipt, err = e.cfg.Store.Record(ctx, receipt)
	return receipt, true, err
}

// waitOneSecond lets a second pass after another host's run: Airtable counts the calls of
// a second, from all hosts.
func waitOneSecond(ctx context.Context) error {
	select {
	case <-time.After(time.Second):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// renewLease renews the lease until release is called. It cancels the context that it
// returns when the lease is lost. It keeps trying while the store cannot be reached: the
// publication checks the lease again.
func (e *Engine) renewLease(
	ctx context.Context, a attempt,
) (leased context.Context, release func()) {
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
			}
			run := *a.progress.latest.Load()
			run.AirtableCalls = a.calls()
			err := e.cfg.Store.Renew(ctx, run)
			if errors.Is(err, job.ErrFenced) {
				cancel(err)
			} else if err != nil && ctx.Err() == nil {
				e.cfg.Log.WarnContext(ctx, "the lease of the refresh was not renewed",
					"run", run.ID, "error", err)
			}
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-ended
	}
}
