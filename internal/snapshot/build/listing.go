package build

import (
	"context"
	"database/sql"
)

// held are the ids that a fork would have if it were sealed now, with what Airtable worked out of them.
const held = `(SELECT id, computed FROM stage.row UNION ALL
	SELECT id, computed FROM parent.feedback WHERE id NOT IN (SELECT id FROM stage.row UNION ALL SELECT id FROM stage.removed))`

// MarkListed notes that a listing has shown a record that belongs here, and the digest of what Airtable works out of it now. It is for forks.
func (d *Draft) MarkListed(ctx context.Context, id string, computed []byte) error {
	return wrap("note record "+id, d.exec(ctx, statement{`INSERT OR REPLACE INTO stage.listed VALUES (?, ?)`, []any{id, computed}}))
}

// ResetListed forgets what MarkListed has noted: the listing began anew.
func (d *Draft) ResetListed(ctx context.Context) error {
	return wrap("forget the listing", d.exec(ctx, statement{`DELETE FROM stage.listed`, nil}))
}

// Unlisted lists the ids that the fork holds and the listing has not shown, sorted.
func (d *Draft) Unlisted(ctx context.Context) ([]string, error) {
	ids, err := d.ids(ctx, `SELECT id FROM `+held+` EXCEPT SELECT id FROM stage.listed ORDER BY id`)
	return ids, wrap("compare with the listing", err)
}

// Outdated lists the ids that the listing has shown and the fork lacks, or holds with other computed values, sorted.
func (d *Draft) Outdated(ctx context.Context) ([]string, error) {
	ids, err := d.ids(ctx, `SELECT id FROM (SELECT id, computed FROM stage.listed EXCEPT SELECT id, computed FROM `+held+`) ORDER BY id`)
	return ids, wrap("compare with the listing", err)
}

// Untouched lists the ids of the parent that were neither put nor removed, sorted.
func (d *Draft) Untouched(ctx context.Context) ([]string, error) {
	if d.parent == nil {
		return nil, nil
	}
	ids, err := d.ids(ctx, `SELECT id FROM parent.feedback EXCEPT SELECT id FROM stage.row EXCEPT SELECT id FROM stage.removed ORDER BY id`)
	return ids, wrap("list records of the parent", err)
}

func (d *Draft) ids(ctx context.Context, query string) ([]string, error) {
	rows, err := d.conn.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return scanIDs(rows)
}

func scanIDs(rows *sql.Rows) (ids []string, err error) {
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
