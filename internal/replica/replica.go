package replica

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"voc/internal/blob"
	"voc/internal/bound"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// Replica keeps the current snapshot of a store open for the code that serves it. It is
// safe for concurrent use.
type Replica struct {
	store *manifest.Store
	dir   string
	base  string // "": any
	log   *slog.Logger

	private feedback.Privacy // what no snapshot that is served may show

	syncing chan struct{} // holds one: one Sync at a time
	version blob.Version  // of the manifest that view is of

	opening chan struct{} // holds one: one older snapshot is fetched at a time

	mu    sync.Mutex
	view  View
	open  *openFile
	older []*openFile // the last used first

	leaving int       // retired files that still have users
	checked time.Time // when the last Sync ended
	began   time.Time // when the running Sync began; zero if none runs

	retiring sync.WaitGroup // files that accept no new users and still have some
}

// View is one consistent state of the store: a manifest and the snapshot that is served
// with it.
type View struct {
	Manifest manifest.Manifest
	Snapshot manifest.Snapshot // the one that is served: the current one, unless that is damaged
	File     *snapshot.File    // nil: there is no snapshot yet, or none that may be served
	Warnings []error           // what is wrong with the store

	quota job.Quota
	read  time.Time // when the manifest was read, by the monotonic clock
}

// Exposed reports whether no snapshot is served because the current one shows more than is
// allowed.
func (v View) Exposed() bool {
	return slices.ContainsFunc(v.Warnings, func(err error) bool {
		return errors.Is(err, manifest.ErrExposed)
	})
}

// Running returns the run that is running, as of the view; zero if there is none. If its
// lease has expired since, abandoned is true, and the run is the receipt that the next
// run will write for it.
func (v View) Running() (run job.Run, abandoned bool) {
	now := v.Manifest.ReadAt.Add(time.Since(v.read))
	lease, running := v.Manifest.RunningAt(now)
	if running || v.Manifest.Lease == nil {
		return lease.Run, false
	}
	return lease.Abandoned(now, v.quota, "the next refresh takes over"), true
}

// New returns a replica that keeps files in dir, which must exist and be private. It has
// no snapshot before the first Sync.
func New(store *manifest.Store, dir string, log *slog.Logger) *Replica {
	return &Replica{
		store: store, dir: dir, log: log,
		syncing: make(chan struct{}, 1), opening: make(chan struct{}, 1),
		view: View{quota: store.Quota()},
	}
}

// Of limits the replica to snapshots of a base, and returns it. Call it before the first Sync.
func (r *Replica) Of(base string) *Replica {
	r.base = base
	return r
}

// Hiding limits the replica to snapshots that show no more than p allows, and returns it. Call
// it before the first Sync.
func (r *Replica) Hiding(p feedback.Privacy) *Replica {
	r.private = p
	return r
}

// Acquire returns the state of the last Sync. The file stays open until release is
// called, even if another snapshot replaces it meanwhile.
func (r *Replica) Acquire() (view View, release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		return r.view, func() {}
	}
	return r.use(r.open)
}

// use counts a user of a file. The caller must hold mu.
func (r *Replica) use(file *openFile) (view View, release func()) {
	file.users.Add(1)
	file.active++
	view = r.view
	if file != r.open {
		view.Snapshot, view.File = file.snapshot, file.file
	}
	return view, sync.OnceFunc(func() {
		r.mu.Lock()
		file.active--
		r.mu.Unlock()
		file.users.Done()
	})
}

// SyncIfOlder is Sync, unless the last one was within age, or within two seconds if that
// found a run that is still active. If another goroutine is doing
// one, it waits for that. If there is a snapshot to serve meanwhile, it waits only until
// that one has run for ten seconds, and then returns nil.
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

func (r *Replica) shown() (View, *openFile) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.view, r.open
}

// serve opens the current snapshot of m, or the newest valid one. If there is none, the
// one that is open stays. Error: *manifest.ForeignError.
func (r *Replica) serve(ctx context.Context, m manifest.Manifest, warnings []error) error {
	if r.base != "" {
		if err := m.Belongs(r.base); err != nil {
			return err
		}
	}
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
		next := open
		var err error
		if open == nil || view.Snapshot.ID != s.ID {
			next, err = r.fetch(ctx, s)
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

// show switches to a view. The previous file stays open for a while if it is pinned; else
// it is closed after its last user.
func (r *Replica) show(view View, next *openFile) {
	view.quota, view.read = r.store.Quota(), time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.open
	r.view, r.open = view, next
	switch {
	case last == nil || last == next:
	case last.pinned:
		r.retain(last)
	default:
		r.retire(last)
	}
}

// Close stops serving and waits until no file is in use. The replica must not be used
// afterwards.
func (r *Replica) Close() {
	r.syncing <- struct{}{}
	defer r.unlockSync()
	r.show(View{}, nil)
	r.mu.Lock()
	for _, file := range r.older {
		file.idle.Stop()
		r.retire(file)
	}
	r.older = nil
	r.mu.Unlock()
	r.retiring.Wait()
}
