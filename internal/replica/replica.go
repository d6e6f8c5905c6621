package replica

import (
	"log/slog"
	"sync"
	"time"

	"voc/internal/blob"
	"voc/internal/feedback"
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

	private    feedback.Privacy // what no snapshot that is served may show
	fetchFirst []snapshot.Kind  // the parts that a snapshot must have before it is served
	within     time.Duration    // limits how long a part is fetched; 0: it does not

	syncing chan struct{}    // holds one: one Sync at a time
	version blob.Version     // of the manifest that view is of
	damaged map[string]error // snapshots that cannot be served, by id, as of that manifest

	warnings []error // about the manifest

	opening chan struct{} // holds one: one older snapshot is fetched at a time

	mu    sync.Mutex
	view  View
	open  *openSnapshot
	older []*openSnapshot // the last used first

	retiredInUse int       // retired files that still have users
	checked      time.Time // when the last Sync ended
	began        time.Time // when the running Sync began; zero if none runs

	retiring sync.WaitGroup // files that accept no new users and still have some
}

// New returns a replica that keeps files in dir, which must exist and be private. It has
// no snapshot before the first Sync.
func New(store *manifest.Store, dir string, log *slog.Logger) *Replica {
	return &Replica{
		store: store, dir: dir, log: log,
		syncing: make(chan struct{}, 1), opening: make(chan struct{}, 1),
		view: View{quota: store.Quota()}, damaged: map[string]error{},
	}
}

// OfBase limits the replica to snapshots of a base, and returns it. Call it before the first Sync.
func (r *Replica) OfBase(base string) *Replica {
	r.base = base
	return r
}

// Hiding limits the replica to snapshots that show no more than p allows, and returns it. Call
// it before the first Sync.
func (r *Replica) Hiding(p feedback.Privacy) *Replica {
	r.private = p
	return r
}

// FetchFirst makes the replica fetch parts of these kinds (none given: all for readers) before a
// snapshot is served, and returns it. Other parts are fetched when they are needed, or before the
// snapshot takes the place of one that had them open. Call it before the first Sync.
func (r *Replica) FetchFirst(kinds ...snapshot.Kind) *Replica {
	r.fetchFirst = kinds
	if len(kinds) == 0 {
		r.fetchFirst = snapshot.ForReaders()
	}
	return r
}

// Within limits how long a part is fetched, and returns the replica. Call it before the first
// Sync.
func (r *Replica) Within(limit time.Duration) *Replica {
	r.within = limit
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
func (r *Replica) use(file *openSnapshot) (view View, release func()) {
	file.served.Store(true)
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
