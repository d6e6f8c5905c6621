package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"voc/internal/feedback"
)

// Tombstone is what remains of a removed record: when the run that missed it began, by
// Airtable's clock, and which run that was.
type Tombstone struct {
	ID        string
	RemovedAt time.Time
	Run       string
}

// Tombstone returns the tombstone of a record that was removed within the last 90 days,
// or ErrNoRecord.
func (f *File) Tombstone(ctx context.Context, id string) (Tombstone, error) {
	t := Tombstone{ID: id}
	if err := f.Need(ctx, Details); err != nil {
		return t, err
	}
	var at string
	row := f.details.db.QueryRowContext(ctx, `SELECT removed_at, run FROM tombstone WHERE id = ?`, id)
	err := row.Scan(&at, &t.Run)
	if err == nil {
		t.RemovedAt, err = time.Parse(feedback.TimeFormat, at)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return t, ErrNoRecord
	}
	return t, Wrap("read the tombstone of "+id, err)
}

// RemovedBy returns the ids of records that a run removed, sorted, at most limit of them.
func (f *File) RemovedBy(ctx context.Context, run string, limit int) (ids []string, err error) {
	if err := f.Need(ctx, Details); err != nil {
		return nil, err
	}
	const query = `SELECT id FROM tombstone WHERE run = ? ORDER BY id LIMIT ?`
	rows, err := f.details.db.QueryContext(ctx, query, run, limit)
	if err != nil {
		return nil, Wrap("list removed records", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, Wrap("list removed records", err)
		}
		ids = append(ids, id)
	}
	return ids, Wrap("list removed records", rows.Err())
}
