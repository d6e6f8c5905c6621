package replica

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"voc/internal/blob"
	"voc/internal/bound"
	"voc/internal/manifest"
)

// SyncIfOlder calls Sync unless the last Sync ended within age; if that found an active run, within
// two seconds. If another goroutine is syncing, it waits for it: while a snapshot is served, for
// at most ten seconds after that Sync began, and then returns nil.
func (r *Replica) SyncIfOlder(ctx context.Context, age time.Duration) error {
	if r.syncedWithin(age) {
		return nil
	}
	r.mu.Lock()
	isServing, began := r.open != nil, r.began
	r.mu.Unlock()
	waiting := ctx
	if isServing {
		if began.IsZero() {
			began = time.Now()
		}
		var cancel context.CancelFunc
		waiting, cancel = context.WithDeadline(ctx, began.Add(bound.SyncBudget))
		defer cancel()
	}
	if err := r.lockSync(waiting); err != nil {
		return ctx.Err() // nil if only the budget is used up
	}
	defer r.unlockSync()
	if r.syncedWithin(age) {
		return nil
	}
	return r.sync(ctx)
}

// Sync reads the manifest and opens the current snapshot. On an error the previous one
// stays open, and the view reports the reason.
func (r *Replica) Sync(ctx context.Context) error {
	if err := r.lockSync(ctx); err != nil {
		return err
	}
	defer r.unlockSync()
	return r.sync(ctx)
}

func (r *Replica) sync(ctx context.Context) error {
	m, version, warnings, err := r.load(ctx)
	if errors.Is(err, blob.ErrNotModified) {
		version, err = r.version, nil
	} else if err == nil {
		if shown, open := r.shown(); shown.Manifest.Generation != m.Generation {
			clear(r.damaged) // what was damaged may have been repaired
			if open != nil {
				open.forget()
			}
		}
		r.warnings = warnings
		err = r.serve(ctx, m, warnings)
	}
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return err // the caller has given up, which says nothing about the store
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checked = time.Now() // also after an error: a store that is down must not delay each request
	if err != nil {
		r.view.Warnings = []error{err}
		version = "" // read it again in full, so that the warning ends with its cause
	}
	r.version = version
	return err
}

// load reads the manifest. If that is damaged or newer, it returns the newest one that is
// known: the one that is served, or a copy in the store. Error: blob.ErrNotModified.
func (r *Replica) load(ctx context.Context) (
	m manifest.Manifest, version blob.Version, warnings []error, err error,
) {
	m, version, fault := r.store.LoadIfChanged(ctx, r.version)
	if !errors.Is(fault, manifest.ErrDamaged) && !errors.Is(fault, manifest.ErrNewer) {
		return m, version, nil, fault
	}
	m, source, err := r.store.NewestCopy(ctx)
	if err != nil && !errors.Is(err, manifest.ErrNoSnapshot) {
		return m, "", nil, fmt.Errorf("%w; %w", fault, err)
	}
	if shown, _ := r.shown(); err != nil || shown.Manifest.Generation > m.Generation {
		m, source = shown.Manifest, "the manifest that was read last"
		m.ReadAt = m.ReadAt.Add(time.Since(shown.read)) // its lease ages as before
	}
	warning := fmt.Errorf("%w. Until then no refresh can publish, and %s is served", fault, source)
	r.log.ErrorContext(ctx, warning.Error())
	return m, version, []error{warning}, nil
}

// serve opens the current snapshot of m, or the newest valid one. If there is none, the
// one that is open stays. Error: *manifest.ForeignError.
func (r *Replica) serve(ctx context.Context, m manifest.Manifest, warnings []error) error {
	if r.base != "" {
		if err := m.Belongs(r.base); err != nil {
			return err
		}
	}
	warnings = slices.Clone(warnings)
	view, open := r.shown()
	for _, s := range m.Candidates() {
		if !r.private.Allows(s.Private) {
			if s.ID != string(m.Current) {
				continue
			}
			// No older one takes its place: it would be served as if nothing had changed.
			exposed := fmt.Errorf("snapshot %s %w", s.ID, manifest.ErrExposed)
			r.show(View{Manifest: m, Warnings: append(warnings, exposed)}, nil)
			return nil
		}
		next, err := open, r.damaged[s.ID]
		if err == nil && (open == nil || view.Snapshot.ID != s.ID) {
			kinds := r.fetchFirst
			if open != nil {
				kinds = append(open.file.Opened(), kinds...)
			}
			next, err = r.openParts(ctx, s, kinds)
		}
		if invalid(err) {
			r.log.ErrorContext(ctx, "a snapshot cannot be served", "snapshot", s.ID, "error", err)
			warnings = append(warnings, fmt.Errorf("%w. Run a full refresh", err))
			continue
		}
		if err != nil {
			return err
		}
		if s.ID != string(m.Current) {
			warnings = append(warnings, fmt.Errorf("snapshot %s is served instead", s.ID))
		}
		r.show(View{Manifest: m, Snapshot: s, File: next.file, Warnings: warnings}, next)
		return nil
	}
	if open != nil {
		warnings = append(warnings, fmt.Errorf("%s has no valid snapshot; "+
			"still serving %s, which it had: run a full refresh", r.store, view.Snapshot.ID))
	}
	r.show(View{Manifest: m, Snapshot: view.Snapshot, File: view.File, Warnings: warnings}, open)
	return nil
}

// Reject takes the snapshot of a view out of service if err, which reading it returned, says that
// it is damaged, and reports whether another one is served instead.
func (r *Replica) Reject(ctx context.Context, view View, err error) bool {
	if !invalid(err) || r.lockSync(ctx) != nil {
		return false
	}
	defer r.unlockSync()
	now, _ := r.shown()
	if now.Snapshot.ID == view.Snapshot.ID {
		r.damaged[view.Snapshot.ID] = err
		if r.serve(ctx, now.Manifest, r.warnings) != nil {
			return false
		}
		now, _ = r.shown()
	}
	return now.Snapshot.ID != view.Snapshot.ID
}

// lockSync acquires the right to sync: one goroutine at a time.
func (r *Replica) lockSync(ctx context.Context) error {
	select {
	case r.syncing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began = time.Now()
	return nil
}

func (r *Replica) unlockSync() {
	r.mu.Lock()
	r.began = time.Time{}
	r.mu.Unlock()
	<-r.syncing
}

// runningAge bounds the age of a view in which a run is active: its snapshot is expected
// at any moment.
const runningAge = 2 * time.Second

// syncedWithin reports whether the last Sync ended within age, or within runningAge if a
// run was active then and its lease has not expired since.
func (r *Replica) syncedWithin(age time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	since := time.Since(r.checked)
	if since < runningAge || since >= age {
		return since < age
	}
	_, running := r.view.Manifest.RunningAt(r.view.Manifest.ReadAt.Add(time.Since(r.view.read)))
	return !running
}
