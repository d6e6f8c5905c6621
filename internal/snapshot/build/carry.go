package build

import (
	"context"
	_ "embed" // carry.sql
	"fmt"
)

// rank carries over the rows of the parent and puts all rows in the order in which they
// are served: newest first, ties by id. It returns how many they are.
func (d *Draft) rank(ctx context.Context) (records int, err error) {
	if d.fork {
		if err := d.carry(ctx); err != nil {
			return 0, err
		}
	}
	const order = `
		CREATE TABLE main.rank (pos INTEGER PRIMARY KEY, staged INTEGER NOT NULL);
		INSERT INTO main.rank (pos, staged)
			SELECT %d - 1 + row_number() OVER (ORDER BY created DESC, id), rowid
			FROM main.row ORDER BY created DESC, id`
	if err := d.exec(ctx, fmt.Sprintf(order, firstPosition)); err != nil {
		return 0, err
	}
	err = d.get(ctx, &records, `SELECT count(*) FROM main.rank`)
	return records, err
}

// carry stages the rows of the parent that stay.
func (d *Draft) carry(ctx context.Context) error {
	if !d.parent.isFormat4() {
		return d.exec(ctx, fmt.Sprintf(parentRows, "row",
			`NOT IN (SELECT id FROM main.row UNION ALL SELECT id FROM main.removed)`))
	}
	left, err := d.Untouched(ctx)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("the parent is of format %d: its %d records must be put again",
			d.parent.Source.Format(), len(left))
	}
	return err
}

// parentRows copies rows of the parent into a table of the stage, under a condition on their ids.
//
//go:embed carry.sql
var parentRows string
