package watch

import (
	"context"
	"errors"
	"fmt"
	"os"

	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// Drill restores the current snapshot from the store into an empty folder, checks all of it, and
// remembers when that was. It writes nothing else. The error is that of the restore.
func (w *Watcher) Drill(ctx context.Context) (Drill, error) {
	id, stored, err := w.restore(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	now := job.At(w.Now())
	w.change(ctx, stored, func(s *State) {
		s.Drill.TriedAt, s.Drill.Error = now, ""
		if err != nil {
			s.Drill.Error = w.redact(err.Error())
		} else {
			s.Drill.ProvenAt, s.Drill.Snapshot = now, id
		}
	})
	return w.memory.Drill, err
}

// restore returns the id of the snapshot that it restored, and whether the store has one of ours.
func (w *Watcher) restore(ctx context.Context) (id string, ours bool, err error) {
	m, err := w.Store.Load(ctx)
	if err == nil {
		err = m.Belongs(w.Base)
	}
	if err != nil {
		return "", false, err
	}
	current, err := m.CurrentSnapshot()
	if err != nil {
		return "", false, err
	}
	return current.ID, true, w.checkWhole(ctx, current)
}

func (w *Watcher) checkWhole(ctx context.Context, current manifest.Snapshot) error {
	dir, err := os.MkdirTemp(w.Dir, "drill-")
	if err != nil {
		return fmt.Errorf("create a folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := snapshot.New(current.Records,
		func(ctx context.Context, kind snapshot.Kind) (string, error) {
			part, err := w.Store.Fetch(ctx, current, kind, dir)
			return part.Path, err
		})
	defer file.Close()
	source, err := w.Store.Fetch(ctx, current, snapshot.Sources, dir)
	if err != nil {
		return err
	}
	originals, err := snapshot.OpenOriginals(source.Path)
	if err != nil {
		return err
	}
	defer originals.Close()
	if err := errors.Join(file.Check(ctx), originals.Check(ctx)); err != nil {
		return fmt.Errorf("check snapshot %s: %w", current.ID, err)
	}
	return nil
}

// Audited remembers an audit of the store's snapshot.
func (w *Watcher) Audited(ctx context.Context, checked, differing int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := job.At(w.Now())
	w.change(ctx, true, func(s *State) { s.Audit = Audit{checked, differing, at} })
}
