package refresh

import (
	"context"
	"fmt"

	"voc/internal/job"
	"voc/internal/manifest"
)

// rollback makes an older snapshot current, after it has checked that its parts are valid.
// It needs no lease: the write fences the run that holds it. If the process dies before
// that write, nothing has changed.
func (e *Engine) rollback(ctx context.Context, a attempt, dir string) (job.Run, error) {
	store := e.cfg.Store
	m, err := store.Load(ctx)
	if err != nil {
		return a.run, err
	}
	target, err := m.Find(a.request.To)
	if err != nil {
		return a.run, err
	}
	if !e.cfg.Privacy.Allows(target.Private) {
		return a.run, fmt.Errorf("snapshot %s %w", target.ID, manifest.ErrExposed)
	}
	parts, _, err := e.openParts(ctx, target, dir)
	if err != nil {
		return a.run, err
	}
	_ = parts.Close() // they were only tried
	return store.Rollback(ctx, e.cfg.Base, a.finish(a.run, e.cfg.Now()), target.ID)
}
