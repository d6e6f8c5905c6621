package build

import (
	"context"
	"time"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// tombstoneAge is how long a snapshot remembers a removed record.
const tombstoneAge = 90 * 24 * time.Hour

// amendTombstones adds those of the records that were removed, and deletes those that are old or
// whose record has come back.
func (d *Draft) amendTombstones(ctx context.Context, meta snapshot.Meta) error {
	const (
		outdated = `DELETE FROM details.tombstone WHERE removed_at < ? OR id IN (SELECT id FROM main.row)`
		added    = `INSERT OR REPLACE INTO details.tombstone SELECT id, ?, ? FROM main.touched
			WHERE staged IS NULL ORDER BY id`
	)
	asOf := meta.AsOf.UTC()
	err := d.execPrepared(ctx, outdated, asOf.Add(-tombstoneAge).Format(feedback.TimeFormat))
	if err != nil {
		return err
	}
	return d.execPrepared(ctx, added, asOf.Format(feedback.TimeFormat), meta.Run)
}

// writeTombstones writes one for each record of the parent that was removed, and copies
// those of the parent that are young enough and whose record has not come back.
func (d *Draft) writeTombstones(ctx context.Context, meta snapshot.Meta) error {
	if d.parent == nil {
		return nil
	}
	const added = `INSERT INTO details.tombstone SELECT id, ?, ? FROM known
		WHERE id NOT IN (SELECT id FROM main.row) ORDER BY id`
	const copied = `INSERT OR IGNORE INTO details.tombstone
		SELECT id, removed_at, run FROM parent_details.tombstone
		WHERE removed_at >= ? AND id NOT IN (SELECT id FROM main.row) ORDER BY id`
	asOf := meta.AsOf.UTC()
	if err := d.exec(ctx, added, asOf.Format(feedback.TimeFormat), meta.Run); err != nil {
		return err
	}
	return d.exec(ctx, copied, asOf.Add(-tombstoneAge).Format(feedback.TimeFormat))
}
