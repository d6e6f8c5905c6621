package replica

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"voc/internal/bound"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// openSnapshot is an open snapshot and its users.
type openSnapshot struct {
	snapshot manifest.Snapshot
	file     *snapshot.File
	users    sync.WaitGroup
	active   int         // how many users there are; guarded by the replica's mu
	pinned   bool        // a client reads it page by page
	idle     *time.Timer // of an older one: closes it

	served atomic.Bool // clients may ask for it

	mu    sync.Mutex
	parts []manifest.Local        // that were fetched
	bad   map[snapshot.Kind]error // why a part is damaged
}

// newFile returns a snapshot whose parts are fetched when they are needed, as far as no open one
// has the same. Once it is served, a client that hangs up does not stop a fetch, since others may
// wait for it.
func (r *Replica) newFile(s manifest.Snapshot) *openSnapshot {
	h := &openSnapshot{snapshot: s, bad: map[snapshot.Kind]error{}}
	h.file = snapshot.New(s.Records, func(ctx context.Context, kind snapshot.Kind) (string, error) {
		if err := h.damage(kind); err != nil {
			return "", err
		}
		for _, local := range h.fetched() {
			if local.Part == s.Part(kind) { // as in format 4
				return local.Path, nil
			}
		}
		if h.served.Load() {
			ctx = context.WithoutCancel(ctx)
		}
		if r.within > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, r.within)
			defer cancel()
		}
		local, err := r.store.Fetch(ctx, s, kind, r.dir, r.have()...)
		h.mu.Lock()
		defer h.mu.Unlock()
		switch {
		case err == nil:
			h.parts = append(h.parts, local)
		case invalid(err):
			h.bad[kind] = err
		}
		return local.Path, err
	})
	return h
}

// damage returns why a part is damaged, if that is known: it is not fetched again for each
// request.
func (h *openSnapshot) damage(kind snapshot.Kind) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.bad[kind]
}

// forget forgets which parts are damaged.
func (h *openSnapshot) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.bad)
}

// fetched returns the parts that are on this host.
func (h *openSnapshot) fetched() []manifest.Local {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.parts)
}

// openParts returns a snapshot with some of its parts open.
func (r *Replica) openParts(
	ctx context.Context, s manifest.Snapshot, kinds []snapshot.Kind,
) (*openSnapshot, error) {
	file := r.newFile(s)
	if err := file.file.Need(ctx, kinds...); err != nil {
		file.close(r.log)
		if errors.Is(err, snapshot.ErrNotSnapshot) || errors.Is(err, snapshot.ErrFormat) {
			return nil, fmt.Errorf("snapshot %s: %w", s.ID, err)
		}
		return nil, err // Fetch names the snapshot
	}
	return file, nil
}

// have returns the parts of the open snapshots, the current one's first. They may be closed and
// removed at any time.
func (r *Replica) have() (parts []manifest.Local) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open != nil {
		parts = append(parts, r.open.fetched()...)
	}
	for _, file := range r.older {
		parts = append(parts, file.fetched()...)
	}
	return parts
}

// invalid reports whether an error is about the snapshot itself, which no retry repairs.
func invalid(err error) bool {
	return errors.Is(err, manifest.ErrDamaged) || errors.Is(err, snapshot.ErrNotSnapshot) ||
		errors.Is(err, snapshot.ErrFormat)
}

// retain adds a file to the older ones until it was idle for bound.OlderIdle, and retires the
// longest unused beyond bound.OlderSnapshots. The caller must hold mu.
func (r *Replica) retain(file *openSnapshot) {
	r.older = slices.Insert(r.older, 0, file)
	file.idle = time.AfterFunc(bound.OlderIdle, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		i := slices.Index(r.older, file)
		switch {
		case i < 0: // it has been retired meanwhile
		case file.active > 0:
			file.idle.Reset(bound.OlderIdle)
		default:
			r.older = slices.Delete(r.older, i, i+1)
			r.retire(file)
		}
	})
	for len(r.older) > bound.OlderSnapshots {
		last := len(r.older) - 1
		r.retire(r.older[last])
		r.older = r.older[:last]
	}
}

// retire closes a file after its last user. The file accepts no new ones. The caller must
// hold mu.
func (r *Replica) retire(file *openSnapshot) {
	leaves := file.active > 0
	if leaves {
		r.retiredInUse++
	}
	r.retiring.Go(func() {
		file.users.Wait()
		file.close(r.log)
		if leaves {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.retiredInUse--
		}
	})
}

func (h *openSnapshot) close(log *slog.Logger) {
	err := h.file.Close()
	for _, part := range h.fetched() {
		err = errors.Join(err, os.Remove(part.Path))
	}
	if err != nil {
		log.Warn("an old snapshot was not deleted from disk", "error", err)
	}
}
