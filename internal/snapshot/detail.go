package snapshot

import (
	"context"
	"database/sql"
	"errors"
)

const detailQuery = `SELECT size, crc, blocks FROM record WHERE id = ?`

// Detail returns the response for one record, or ErrNoRecord.
func (f *File) Detail(ctx context.Context, id string) (Packed, error) {
	if err := f.Need(ctx, Details); err != nil {
		return Packed{}, err
	}
	if err := ctx.Err(); err != nil {
		return Packed{}, Wrap("read record "+id, err)
	}
	row := f.detail.QueryRowContext(uncancelled, id)
	var r Packed
	var err error
	if f.details.format == format4 {
		r, err = format4Detail(row)
	} else {
		err = row.Scan(&r.Size, &r.CRC, &r.Blocks)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNoRecord
	}
	return r, Wrap("read record "+id, err)
}
