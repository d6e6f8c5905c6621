package replica

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"voc/internal/bound"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// ErrBusy is returned if the maximum number of older snapshots is in use. The caller may
// retry in a moment.
var ErrBusy = errors.New("too many older snapshots are in use at a time")

// openFile is an open snapshot and its users.
type openFile struct {
	snapshot manifest.Snapshot
	file     *snapshot.File
	path     string
	users    sync.WaitGroup
	active   int         // how many users there are; guarded by the replica's mu
	pinned   bool        // a client reads it page by page
	idle     *time.Timer // of an older one: closes it
}

// fetch fetches a snapshot from the store and opens it.
func (r *Replica) fetch(ctx context.Context, s manifest.Snapshot) (*openFile, error) {
	path, err := r.store.Fetch(ctx, s, snapshot.Serve, r.dir)
	if err != nil {
		return nil, err
	}
	file, err := snapshot.Open(path)
	if err != nil {
		_ = os.Remove(path)
		return nil, fmt.Errorf("snapshot %s: %w", s.ID, err)
	}
	return &openFile{snapshot: s, file: file, path: path}, nil
}

// invalid reports whether an error is about the snapshot itself, which no retry repairs.
func invalid(err error) bool {
	return errors.Is(err, manifest.ErrDamaged) || errors.Is(err, snapshot.ErrNotSnapshot) ||
		errors.Is(err, snapshot.ErrFormat)
}

// retain adds a file to the older ones until it was idle for bound.OlderIdle, and retires the
// longest unused beyond bound.OlderSnapshots. The caller must hold mu.
func (r *Replica) retain(file *openFile) {
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

// makeRoom makes room for one more older file: it closes those that have no user, the
// longest unused first. A file that is retired and still has users takes room too. Error:
// ErrBusy.
func (r *Replica) makeRoom() error {
	var unused []*openFile
	defer func() {
		for _, file := range unused {
			file.close(r.log)
		}
	}()
	r.mu.Lock()
	defer r.mu.Unlock()
	for last := len(r.older) - 1; len(r.older)+r.leaving >= bound.OlderSnapshots; last-- {
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

// retire closes a file after its last user. The file accepts no new ones. The caller must
// hold mu.
func (r *Replica) retire(file *openFile) {
	leaves := file.active > 0
	if leaves {
		r.leaving++
	}
	r.retiring.Go(func() {
		file.users.Wait()
		file.close(r.log)
		if leaves {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.leaving--
		}
	})
}

func (h *openFile) close(log *slog.Logger) {
	if err := errors.Join(h.file.Close(), os.Remove(h.path)); err != nil {
		log.Warn("an old snapshot was not deleted from disk", "error", err)
	}
}
