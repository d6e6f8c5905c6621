package build

import (
	"context"

	"voc/internal/feedback"
)

// change is what an amendment does to what follows from the records.
type change struct {
	*index
	records map[uint32]*touched // by position
}

// touched is a position whose record goes, comes, or is another than before.
type touched struct{ was, is *outline }

// outline is what a record is sorted by and what the response times have of it.
type outline struct {
	keys  sortKeys
	times timesKey
	hours [len(feedback.Durations)]float64
}

// readChange reads the rows of the touched records.
func (d *Draft) readChange(ctx context.Context) (*change, error) {
	const (
		was = `(SELECT touched.was AS pos, was.* FROM main.touched JOIN main.was USING (id))`
		is  = `(SELECT pos, row.* FROM main.touched JOIN main.row ON row.rowid = staged)`
	)
	c := &change{newIndex(), map[uint32]*touched{}}
	err := d.addChanges(ctx, c, was, -1)
	if err == nil {
		err = d.addChanges(ctx, c, is, 1)
	}
	return c, err
}

func (d *Draft) addChanges(ctx context.Context, c *change, from string, by int) error {
	rows, err := d.query(ctx, `SELECT `+stagedColumns+` FROM `+from+` ORDER BY pos`)
	if err != nil {
		return err
	}
	defer rows.Close()
	row := newStagedRow()
	for rows.Next() {
		if err := row.scan(rows); err != nil {
			return err
		}
		c.add(row, by)
	}
	return rows.Err()
}

func (c *change) add(row *stagedRow, by int) {
	f := row.feedback
	c.count(row.pos, f, by)
	at := c.records[row.pos]
	if at == nil {
		at = new(touched)
		c.records[row.pos] = at
	}
	o := &outline{sortKeysOf(f), timesKeyOf(f), f.Hours}
	if by < 0 {
		at.was = o
	} else {
		at.is = o
	}
}
