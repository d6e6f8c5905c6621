package replica

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"voc/internal/bound"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// ErrBusy is returned if the maximum number of older snapshots is in use. The caller may
// retry in a moment.
var ErrBusy = errors.New("too many older snapshots are in use at a time")

// A client that reads many pages stays on the snapshot that it began with, also when
// another one is served by now: AcquireAt opens that again. Replica.older has the open
// ones, the last used first. A file that is removed from there is retired, which waits
// for its users: it can get no new ones. Until the last has gone, it counts as one of
// those that may be open.

// AcquireAt returns the state of the last Sync with the snapshot that has the given id,
// which must still be in the manifest. A snapshot that is not open is fetched first, one
// at a time. Errors: manifest.ErrNoSuchSnapshot, ErrBusy.
func (r *Replica) AcquireAt(ctx context.Context, id string) (View, func(), error) {
	if id == job.Previous { // names another one after each publication
		return View{}, nil, manifest.ErrNoSuchSnapshot
	}
	if view, release, ok := r.acquireOpen(id); ok {
		return view, release, nil
	}
	select {
	case r.opening <- struct{}{}:
		defer func() { <-r.opening }()
	case <-ctx.Done():
		return View{}, nil, ctx.Err()
	}
	if view, release, ok := r.acquireOpen(id); ok { // meanwhile
		return view, release, nil
	}
	s, err := r.find(ctx, id)
	if err != nil {
		return View{}, nil, err
	}
	if err := r.makeRoom(); err != nil {
		return View{}, nil, err
	}
	file, err := r.openParts(ctx, s, []snapshot.Kind{snapshot.Serve})
	if invalid(err) {
		return View{}, nil, fmt.Errorf("%w: %w", manifest.ErrNoSuchSnapshot, err)
	}
	if err != nil {
		return View{}, nil, err
	}
	r.mu.Lock()
	r.retain(file)
	view, release := r.use(file)
	r.mu.Unlock()
	return view, release, nil
}

// acquireOpen returns an open snapshot that the manifest has, and pins it: it stays open
// for a while once it is replaced.
func (r *Replica) acquireOpen(id string) (View, func(), bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.view.Manifest.Find(id)
	if err != nil {
		return View{}, nil, false
	}
	if r.open != nil && r.open.snapshot.ID == id {
		r.open.pinned = true
		view, release := r.use(r.open)
		return view, release, true
	}
	i := slices.IndexFunc(r.older, func(h *openSnapshot) bool { return h.snapshot.ID == id })
	if i < 0 {
		return View{}, nil, false
	}
	file := r.older[i]
	r.older = slices.Insert(slices.Delete(r.older, i, i+1), 0, file)
	file.idle.Reset(bound.OlderIdle)
	view, release := r.use(file)
	view.Snapshot = s // its times may have advanced since it was opened
	return view, release, true
}

// find returns the snapshot of an id. If the id is not known, it syncs, unless the last
// Sync was within a second: another process may have published the snapshot since.
func (r *Replica) find(ctx context.Context, id string) (manifest.Snapshot, error) {
	view, _ := r.shown()
	if s, err := view.Manifest.Find(id); err == nil {
		return s, r.allow(s)
	}
	if err := r.lockSync(ctx); err != nil { // unlike SyncIfOlder it waits for a Sync that is running
		return manifest.Snapshot{}, err
	}
	defer r.unlockSync()
	if !r.syncedWithin(time.Second) {
		if err := r.sync(context.WithoutCancel(ctx)); err != nil {
			return manifest.Snapshot{}, err
		}
	}
	view, _ = r.shown()
	s, err := view.Manifest.Find(id)
	if err != nil {
		return s, err
	}
	return s, r.allow(s)
}

// allow rejects a snapshot that shows too much, as one that is gone. Error:
// manifest.ErrNoSuchSnapshot.
func (r *Replica) allow(s manifest.Snapshot) error {
	if r.private.Allows(s.Private) {
		return nil
	}
	return fmt.Errorf("%w: %w", manifest.ErrNoSuchSnapshot, manifest.ErrExposed)
}

// makeRoom makes room for one more older file: it closes those that have no user, the
// longest unused first. A file that is retired and still has users takes room too. Error:
// ErrBusy.
func (r *Replica) makeRoom() error {
	var unused []*openSnapshot
	defer func() {
		for _, file := range unused {
			file.close(r.log)
		}
	}()
	r.mu.Lock()
	defer r.mu.Unlock()
	for last := len(r.older) - 1; len(r.older)+r.retiredInUse >= bound.OlderSnapshots; last-- {
		if last < 0 {
			return ErrBusy
		}
		if file := r.older[last]; file.active == 0 {
			r.older = slices.Delete(r.older, last, last+1)
			file.idle.Stop()
			unused = append(unused, file)
		}
	}
	return nil
}
