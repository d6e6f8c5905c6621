package refresh

import (
	"context"
	"fmt"

	"voc/internal/snapshot"
)

// rollback makes an older snapshot current. That it is whole is seen before it is.
func (r *run) rollback(ctx context.Context) error {
	m, err := r.Store.Load(ctx)
	if err != nil {
		return err
	}
	target, err := m.Find(r.request.To)
	if err != nil {
		return err
	}
	path, err := r.Store.Fetch(ctx, target, r.dir)
	if err != nil {
		return err
	}
	file, err := snapshot.Open(path)
	if err != nil {
		return fmt.Errorf("snapshot %s: %w", target.ID, err)
	}
	_ = file.Close() // it was only tried
	r.finish()
	r.receipt, err = r.Store.Rollback(ctx, r.Base, r.receipt, target.ID)
	return err
}
