package snapshot

import (
	"context"
	"fmt"
)

// Check reads the whole file and reports whether SQLite finds it consistent. Error:
// ErrNotSnapshot. Cost: a second for 5,830 records.
func (f *File) Check(ctx context.Context) error {
	var found string
	if err := f.db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&found); err != nil {
		return wrap("check "+f.path, err)
	}
	if found != "ok" {
		return fmt.Errorf("check %s: %w: %s", f.path, ErrNotSnapshot, found)
	}
	return nil
}
