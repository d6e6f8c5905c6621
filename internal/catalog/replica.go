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
	log     *slog.Logger

	syncing sync.Mutex   // one look at the store at a time
	version blob.Version // of the manifest that view is of
	checked time.Time

	mu   sync.Mutex
	view View
	open *held
}

// View is one consistent state of the store: a manifest and the snapshot that is served with it.
type View struct {
	Manifest Manifest
	Snapshot Snapshot       // the one that is served: the current one, unless that is damaged
	File     *snapshot.File // nil: there is no snapshot yet
	Warnings []string       // what is wrong with the store
}

// held is an open file and those who use it.
type held struct {
	file  *snapshot.File
	path  string
	users sync.WaitGroup
}

// NewReplica makes a replica that keeps files in dir, which must exist and be private. It holds nothing before the first Sync.
func NewReplica(c *Catalog, dir string, log *slog.Logger) *Replica {
	return &Replica{catalog: c, dir: dir, log: log}
}

// Acquire gives the state of the last Sync. The file stays open until release is called, even if another snapshot replaces it meanwhile.
func (r *Replica) Acquire() (view View, release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		return r.view, func() {}
	}
	r.open.users.Add(1)
	return r.view, sync.OnceFunc(r.open.users.Done)
}

// SyncIfOlder looks at the store unless that was done within age, or another goroutine is just doing it and there is something to serve meanwhile.
func (r *Replica) SyncIfOlder(ctx context.Context, age time.Duration) error {
	if !r.syncing.TryLock() {
		if r.serves() {
			return nil
		}
		r.syncing.Lock()
	}
	defer r.syncing.Unlock()
	if time.Since(r.checked) < age {
		return nil
	}
	return r.sync(ctx)
}

// Sync looks at the store and serves from now on what is current there. On an error, what was served before stays, and the view says why.
func (r *Replica) Sync(ctx context.Context) error {
	r.syncing.Lock()
	defer r.syncing.Unlock()
	return r.sync(ctx)
}

func (r *Replica) serves() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open != nil
}

func (r *Replica) sync(ctx context.Context) error {
	m, version, warnings, err := r.look(ctx)
	r.checked = time.Now() // whatever came of it: a store that is down must not hold up each request
	if errors.Is(err, blob.ErrNotModified) {
		return nil
	}
	if err == nil {
		err = r.serve(ctx, m, warnings)
	}
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

// look reads the manifest, or the newest copy where it is damaged. Error: blob.ErrNotModified.
func (r *Replica) look(ctx context.Context) (Manifest, blob.Version, []string, error) {
	m, version, err := r.catalog.load(ctx, r.version)
	if !errors.Is(err, ErrDamaged) {
		return m, version, nil, err
	}
	warning := fmt.Sprintf("%v. Its newest whole copy is served, and no refresh can publish: put a copy from %s back in its place", err, copiesPrefix)
	if m, err = r.catalog.newestCopy(ctx); errors.Is(err, ErrNoSnapshot) {
		return m, version, []string{warning}, nil
	}
	return m, version, []string{warning}, err
}

// serve opens the current snapshot of m, or the newest whole one, unless it is open already.
func (r *Replica) serve(ctx context.Context, m Manifest, warnings []string) error {
	r.mu.Lock()
	serving, open := r.view.Snapshot, r.open
	r.mu.Unlock()
	for _, s := range m.candidates() {
		if open != nil && s.ID == serving.ID {
			r.show(View{Manifest: m, Snapshot: s, File: open.file, Warnings: warnings}, open)
			return nil
		}
		next, err := r.fetch(ctx, s)
		if errors.Is(err, ErrDamaged) || errors.Is(err, snapshot.ErrNotSnapshot) || errors.Is(err, snapshot.ErrSchema) {
			r.log.ErrorContext(ctx, "a snapshot can not be served", "snapshot", s.ID, "error", err)
			warnings = append(warnings, fmt.Sprintf("%v. An older one is served: run a full refresh", err))
			continue
		}
		if err != nil {
			return err
		}
		r.show(View{Manifest: m, Snapshot: s, File: next.file, Warnings: warnings}, next)
		return nil
	}
	r.show(View{Manifest: m, Warnings: warnings}, nil)
	return nil
}

// candidates are the snapshots that may be served, best first: the current one, then the newest others.
func (m Manifest) candidates() []Snapshot {
	current, err := m.CurrentSnapshot()
	if err != nil {
		return nil
	}
	all := []Snapshot{current}
	for _, s := range m.Snapshots {
		if s.ID != current.ID {
			all = append(all, s)
		}
	}
	return all
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
	return &held{file: file, path: path}, nil
}

// show switches to a view. The file that was served goes when its last user is done.
func (r *Replica) show(view View, next *held) {
	r.mu.Lock()
	last := r.open
	r.view, r.open = view, next
	r.mu.Unlock()
	if last != nil && last != next {
		go last.retire(r.log)
	}
}

func (h *held) retire(log *slog.Logger) {
	h.users.Wait()
	if err := errors.Join(h.file.Close(), os.Remove(h.path)); err != nil {
		log.Warn("an old snapshot was not put away", "error", err)
	}
}

// Close stops serving; it waits for those who use the file.
func (r *Replica) Close() {
	r.syncing.Lock()
	defer r.syncing.Unlock()
	r.mu.Lock()
	last := r.open
	r.view, r.open = View{}, nil
	r.mu.Unlock()
	if last != nil {
		last.retire(r.log)
	}
}
