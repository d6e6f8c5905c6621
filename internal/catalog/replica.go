package catalog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"voc/internal/blob"
	"voc/internal/snapshot"
)

// Replica keeps the current snapshot of a store open for those who serve it. It is safe for concurrent use.
type Replica struct {
	catalog *Catalog
	dir     string
	base    string // "": any
	log     *slog.Logger

	syncing chan struct{} // holds one: one look at the store at a time
	version blob.Version  // of the manifest that view is of
	checked time.Time

	opening chan struct{} // holds one: one older snapshot is fetched at a time

	mu    sync.Mutex
	view  View
	open  *held
	older []*held // the last used first

	retiring sync.WaitGroup // files that are not open to new users and are still used
}

// View is one consistent state of the store: a manifest and the snapshot that is served with it.
type View struct {
	Manifest Manifest
	Snapshot Snapshot       // the one that is served: the current one, unless that is damaged
	File     *snapshot.File // nil: there is no snapshot yet
	Warnings []string       // what is wrong with the store

	seen time.Time // when the manifest was read, by the clock of this process that only goes on
}

// Running is the run under way, as far as it is known, and zero if there is none. dead is its receipt as the next run will write it, if nothing was heard of its holder for too long.
func (v View) Running() (run Run, dead bool) {
	lease := v.Manifest.Lease
	if lease == nil {
		return Run{}, false
	}
	now := v.Manifest.ReadAt.Add(time.Since(v.seen))
	if lease.over(now) {
		return lease.dead(now, "the next refresh takes over"), true
	}
	return lease.Run, false
}

// held is an open file and those who use it.
type held struct {
	snapshot Snapshot
	file     *snapshot.File
	path     string
	users    sync.WaitGroup
	walked   bool        // somebody reads it page by page
	idle     *time.Timer // of an older one: when it goes
}

// NewReplica makes a replica that keeps files in dir, which must exist and be private. It holds nothing before the first Sync.
func NewReplica(c *Catalog, dir string, log *slog.Logger) *Replica {
	return &Replica{catalog: c, dir: dir, log: log, syncing: make(chan struct{}, 1), opening: make(chan struct{}, 1)}
}

// Of has the replica serve nothing but what belongs to a base, and returns it. It is for before the first Sync.
func (r *Replica) Of(base string) *Replica {
	r.base = base
	return r
}

// Acquire gives the state of the last Sync. The file stays open until release is called, even if another snapshot replaces it meanwhile.
func (r *Replica) Acquire() (view View, release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		return r.view, func() {}
	}
	return r.use(r.open)
}

// use counts a user of a file. The caller holds mu.
func (r *Replica) use(file *held) (view View, release func()) {
	file.users.Add(1)
	view = r.view
	if file != r.open {
		view.Snapshot, view.File = file.snapshot, file.file
	}
	return view, sync.OnceFunc(file.users.Done)
}

// SyncIfOlder looks at the store unless that was done within age, or another goroutine is just doing it and there is something to serve meanwhile.
func (r *Replica) SyncIfOlder(ctx context.Context, age time.Duration) error {
	select {
	case r.syncing <- struct{}{}:
	default:
		if _, open := r.shown(); open != nil {
			return nil
		}
		if err := r.begin(ctx); err != nil {
			return err
		}
	}
	defer r.end()
	if time.Since(r.checked) < age {
		return nil
	}
	return r.sync(ctx)
}

// Sync looks at the store and serves from now on what is current there. On an error, what was served before stays, and the view says why.
func (r *Replica) Sync(ctx context.Context) error {
	if err := r.begin(ctx); err != nil {
		return err
	}
	defer r.end()
	return r.sync(ctx)
}

func (r *Replica) begin(ctx context.Context) error {
	select {
	case r.syncing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Replica) end() { <-r.syncing }

func (r *Replica) sync(ctx context.Context) error {
	m, version, warnings, err := r.look(ctx)
	if errors.Is(err, blob.ErrNotModified) {
		r.checked = time.Now()
		return nil
	}
	if err == nil && r.base != "" {
		err = m.Belongs(r.base)
	}
	if err == nil {
		err = r.serve(ctx, m, warnings)
	}
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return err // the caller has left, which says nothing about the store
	}
	r.checked = time.Now() // whatever came of it: a store that is down must not hold up each request
	if err != nil {
		r.mu.Lock()
		r.view.Warnings = []string{err.Error()}
		r.mu.Unlock()
		r.version = "" // look again in full, so that the warning goes when its cause has
		return err
	}
	r.version = version
	return nil
}

// look reads the manifest. Where that can not be used, the newest one that is known takes its place: the one that is shown, or a copy in the store. Error: blob.ErrNotModified.
func (r *Replica) look(ctx context.Context) (m Manifest, version blob.Version, warnings []string, err error) {
	m, info, fault := r.catalog.load(ctx, r.version)
	if !errors.Is(fault, ErrDamaged) && !errors.Is(fault, ErrNewer) {
		return m, info.Version, nil, fault
	}
	m, source, err := r.catalog.newestCopy(ctx)
	if err != nil && !errors.Is(err, ErrNoSnapshot) {
		return m, "", nil, fmt.Errorf("%w; %w", fault, err)
	}
	if shown, _ := r.shown(); err != nil || shown.Manifest.Generation > m.Generation {
		m, source = shown.Manifest, "what was read last"
		m.ReadAt = m.ReadAt.Add(time.Since(shown.seen)) // a lease in it grows old as ever
	}
	warning := fmt.Sprintf("%v. Until then no refresh can publish, and %s is what counts", fault, source)
	r.log.ErrorContext(ctx, warning)
	return m, info.Version, []string{warning}, nil
}

func (r *Replica) shown() (View, *held) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.view, r.open
}

// serve opens the current snapshot of m, or the newest whole one, unless it is open already. What is open stays where there is none.
func (r *Replica) serve(ctx context.Context, m Manifest, warnings []string) error {
	for _, s := range m.Candidates() {
		next, err := r.hold(ctx, s)
		if unusable(err) {
			r.log.ErrorContext(ctx, "a snapshot can not be served", "snapshot", s.ID, "error", err)
			warnings = append(warnings, fmt.Sprintf("%v. Run a full refresh", err))
			continue
		}
		if err != nil {
			return err
		}
		if s.ID != string(m.Current) {
			warnings = append(warnings, fmt.Sprintf("snapshot %s is served instead", s.ID))
		}
		r.show(View{Manifest: m, Snapshot: s, File: next.file, Warnings: warnings, seen: time.Now()}, next)
		return nil
	}
	view, open := r.shown()
	if open != nil {
		warnings = append(warnings, fmt.Sprintf("%s has no snapshot that can be served; %s, which it had, is served on: run a full refresh", r.catalog, view.Snapshot.ID))
	}
	r.show(View{Manifest: m, Snapshot: view.Snapshot, File: view.File, Warnings: warnings, seen: time.Now()}, open)
	return nil
}

// hold opens a snapshot, unless it is open.
func (r *Replica) hold(ctx context.Context, s Snapshot) (*held, error) {
	if shown, open := r.shown(); open != nil && shown.Snapshot.ID == s.ID {
		return open, nil
	}
	return r.fetch(ctx, s)
}

func (r *Replica) fetch(ctx context.Context, s Snapshot) (*held, error) {
	path, err := r.catalog.Fetch(ctx, s, r.dir)
	if err != nil {
		return nil, err
	}
	file, err := snapshot.Open(path)
	if err != nil {
		_ = os.Remove(path)
		return nil, fmt.Errorf("snapshot %s: %w", s.ID, err)
	}
	return &held{snapshot: s, file: file, path: path}, nil
}

// show switches to a view. The file that was served stays a while for those who walk it; else it goes when its last user is done.
func (r *Replica) show(view View, next *held) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.open
	r.view, r.open = view, next
	switch {
	case last == nil || last == next:
	case last.walked:
		r.keep(last)
	default:
		r.retire(last)
	}
}

func (r *Replica) retire(file *held) { r.retiring.Go(func() { file.retire(r.log) }) }

func (h *held) retire(log *slog.Logger) {
	h.users.Wait()
	if err := errors.Join(h.file.Close(), os.Remove(h.path)); err != nil {
		log.Warn("an old snapshot was not put away", "error", err)
	}
}

// Close stops serving; it waits for those who use a file. Nothing may be called afterwards.
func (r *Replica) Close() {
	r.syncing <- struct{}{}
	defer r.end()
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
