package snapshot

import (
	"context"
	"fmt"
)

// Check reads the whole file and reports whether SQLite finds it consistent. Error:
// ErrNotSnapshot.
func (o *Originals) Check(ctx context.Context) error { return o.check(ctx) }

func (p *part) check(ctx context.Context) error {
	var found string
	if err := p.db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&found); err != nil {
		return wrap("check "+p.path, err)
	}
	if found != "ok" {
		return fmt.Errorf("check %s: %w: %s", p.path, ErrNotSnapshot, found)
	}
	return nil
}
