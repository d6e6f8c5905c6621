package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"voc/internal/snapshot"
)

// How many older snapshots a replica keeps open beside the one that is served, and how long without a user. Each is a file on disk, and at most
// four connections with a megabyte of pages.
const (
	olderKept = 2
	olderIdle = 5 * time.Minute
)

// A client that walks over many pages stays on the snapshot it began with, also when another one is served by now: AcquireAt opens that again. What is open
// is told by id in Replica.older, the last used first. Whoever takes a file out of there retires it, which waits for its users: nobody can become one any more.

// AcquireAt gives the state of the last Sync with the snapshot of an id, which the manifest must still have. One that is not open is fetched first; one at a time,
// whoever asks. Error: ErrNoSuchSnapshot.
func (r *Replica) AcquireAt(ctx context.Context, id string) (View, func(), error) {
	if id == Previous {
		return View{}, nil, ErrNoSuchSnapshot // a name for another one at each publication
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
	file, err := r.fetch(ctx, s)
	if unusable(err) {
		return View{}, nil, fmt.Errorf("%w: %w", ErrNoSuchSnapshot, err)
	}
	if err != nil {
		return View{}, nil, err
	}
	r.mu.Lock()
	r.keep(file)
	view, release := r.use(file)
	r.mu.Unlock()
	return view, release, nil
}

// acquireOpen gives an open snapshot that the manifest has. That it is walked is noted, so that it stays open for a while once it is replaced.
func (r *Replica) acquireOpen(id string) (View, func(), bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.view.Manifest.Find(id)
	if err != nil {
		return View{}, nil, false
	}
	if r.open != nil && r.open.snapshot.ID == id {
		r.open.walked = true
		view, release := r.use(r.open)
		return view, release, true
	}
	i := slices.IndexFunc(r.older, func(h *held) bool { return h.snapshot.ID == id })
	if i < 0 {
		return View{}, nil, false
	}
	file := r.older[i]
	r.older = slices.Insert(slices.Delete(r.older, i, i+1), 0, file)
	file.idle.Reset(olderIdle)
	view, release := r.use(file)
	view.Snapshot = s // its times may have been moved on since it was opened
	return view, release, true
}

// find looks an id up, and in the store if it is not known: another process may have published it since.
func (r *Replica) find(ctx context.Context, id string) (Snapshot, error) {
	view, _ := r.shown()
	if s, err := view.Manifest.Find(id); err == nil {
		return s, nil
	}
	if err := r.lookAgain(ctx); err != nil {
		return Snapshot{}, err
	}
	view, _ = r.shown()
	return view.Manifest.Find(id)
}

// lookAgain looks at the store unless that was done just now. Unlike SyncIfOlder it waits for who is doing it.
func (r *Replica) lookAgain(ctx context.Context) error {
	if err := r.begin(ctx); err != nil {
		return err
	}
	defer r.end()
	if time.Since(r.checked) < time.Second {
		return nil
	}
	return r.sync(context.WithoutCancel(ctx))
}

// keep puts a file among the older ones, and the longest unused out. The caller holds mu.
func (r *Replica) keep(file *held) {
	r.older = slices.Insert(r.older, 0, file)
	file.idle = time.AfterFunc(olderIdle, func() { r.drop(file) })
	for len(r.older) > olderKept {
		last := len(r.older) - 1
		r.retire(r.older[last])
		r.older = r.older[:last]
	}
}

// drop retires an older file that nobody has used for long.
func (r *Replica) drop(file *held) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.older, file); i >= 0 {
		r.older = slices.Delete(r.older, i, i+1)
		r.retire(file)
	}
}

// unusable says whether an error is one of the snapshot itself, which no other try mends.
func unusable(err error) bool {
	return errors.Is(err, ErrDamaged) || errors.Is(err, snapshot.ErrNotSnapshot) || errors.Is(err, snapshot.ErrFormat)
}
