package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"voc/internal/feedback"
)

// Tombstone says when a record went, by Airtable's clock, and which run found it gone.
type Tombstone struct {
	ID        string
	RemovedAt time.Time
	Run       string
}

// Tombstone is that of a record that was served in the last 90 days and is gone. Error: ErrNoRecord.
func (f *File) Tombstone(ctx context.Context, id string) (Tombstone, error) {
	t := Tombstone{ID: id}
	var at string
	err := f.db.QueryRowContext(ctx, `SELECT removed_at, run FROM tombstone WHERE id = ?`, id).Scan(&at, &t.Run)
	if err == nil {
		t.RemovedAt, err = time.Parse(feedback.TimeFormat, at)
	}
	return t, none("read the tombstone of "+id, err)
}

// RemovedBy lists the first records, by id and at most limit of them, that a run found gone.
func (f *File) RemovedBy(ctx context.Context, run string, limit int) (ids []string, err error) {
	rows, err := f.db.QueryContext(ctx, `SELECT id FROM tombstone WHERE run = ? ORDER BY id LIMIT ?`, run, limit)
	if err != nil {
		return nil, wrap("list what is gone", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, wrap("list what is gone", err)
		}
		ids = append(ids, id)
	}
	return ids, wrap("list what is gone", rows.Err())
}

// none tells a row that is not there from other errors.
func none(doing string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoRecord
	}
	return wrap(doing, err)
}
