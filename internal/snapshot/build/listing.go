package build

import (
	"context"

	"voc/internal/snapshot"
)

// forkRows are the ids that a fork would have if it were sealed now, with the digests of
// their computed values.
const forkRows = `(SELECT id, computed FROM main.row UNION ALL
	SELECT id, computed FROM parent_source.record
	WHERE id NOT IN (SELECT id FROM main.row UNION ALL SELECT id FROM main.removed))`

// MarkListed records that a listing has shown a record that belongs to the snapshot, with
// the digest of its computed values now. It is for forks, as are the methods that compare
// with the listing.
func (d *Draft) MarkListed(ctx context.Context, id string, computed []byte) error {
	err := d.execPrepared(ctx, `INSERT OR REPLACE INTO main.listed VALUES (?, ?)`, id, computed)
	return snapshot.Wrap("mark record "+id+" as listed", err)
}

// ResetListed undoes every MarkListed of the ids that end with one of the characters, for
// a listing that starts over; with "", of all ids.
func (d *Draft) ResetListed(ctx context.Context, ends string) error {
	err := d.exec(ctx, `DELETE FROM main.listed WHERE `+endsWith, ends)
	return snapshot.Wrap("reset the listing", err)
}

// Unlisted lists the ids, sorted, that the fork has and the listing has not shown.
func (d *Draft) Unlisted(ctx context.Context) ([]string, error) {
	const query = `SELECT id FROM ` + forkRows + ` EXCEPT SELECT id FROM main.listed ORDER BY id`
	ids, err := d.ids(ctx, query)
	return ids, snapshot.Wrap("compare with the listing", err)
}

// Outdated lists the ids, sorted, that the listing has shown and that the fork lacks or
// has with other computed values.
func (d *Draft) Outdated(ctx context.Context) ([]string, error) {
	const query = `SELECT id FROM
		(SELECT id, computed FROM main.listed EXCEPT SELECT id, computed FROM ` + forkRows + `)
		ORDER BY id`
	ids, err := d.ids(ctx, query)
	return ids, snapshot.Wrap("compare with the listing", err)
}

// Untouched lists the ids, sorted, of the parent's records that were neither put nor
// removed.
func (d *Draft) Untouched(ctx context.Context) ([]string, error) {
	if d.parent == nil {
		return nil, nil
	}
	const query = `SELECT id FROM known EXCEPT SELECT id FROM main.row
		EXCEPT SELECT id FROM main.removed ORDER BY id`
	ids, err := d.ids(ctx, query)
	return ids, snapshot.Wrap("list records of the parent", err)
}

func (d *Draft) ids(ctx context.Context, query string) (ids []string, err error) {
	rows, err := d.query(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
