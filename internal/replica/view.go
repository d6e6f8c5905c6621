package replica

import (
	"errors"
	"slices"
	"time"

	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

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

// show switches to a view. The previous file stays open for a while if it is pinned; else
// it is closed after its last user.
func (r *Replica) show(view View, next *openSnapshot) {
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

func (r *Replica) shown() (View, *openSnapshot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.view, r.open
}
