package build

import (
	"context"
	"database/sql"
	_ "embed"
	"voc/internal/snapshot"
	// parent.sql, derive.sql
)

// copyRows copy rows into the parts; behind insert stands what has the columns of main.row, and
// pos. In an amendment, update follows: a record that keeps its place is overwritten there.
var copyRows = []struct{ insert, update string }{
	{
		`INSERT INTO source.record (rowid, id, ` + original + `, fields)
			SELECT pos, id, ` + original + `, fields `,
		` ON CONFLICT (id) DO UPDATE SET created_time = excluded.created_time,
			digest = excluded.digest, computed = excluded.computed, fields = excluded.fields`,
	}, {
		`INSERT INTO serve.feedback (pos, ` + served + `) SELECT pos, ` + served + ` `,
		` ON CONFLICT (pos) DO UPDATE SET report_week = excluded.report_week, h1 = excluded.h1,
			h2 = excluded.h2, h3 = excluded.h3, h4 = excluded.h4, h5 = excluded.h5`,
	}, {
		`INSERT INTO serve.summary (pos, json) SELECT pos, summary `,
		` ON CONFLICT (pos) DO UPDATE SET json = excluded.json`,
	}, {
		`INSERT INTO details.record (pos, id, size, crc, own, blocks)
			SELECT pos, id, size, crc, own, blocks `,
		` ON CONFLICT (pos) DO UPDATE SET size = excluded.size, crc = excluded.crc,
			own = excluded.own, blocks = excluded.blocks`,
	},
}

// searched are the words of a row, in the order of the columns of serve.search.
const searched = `search_text(CAST(description AS BLOB)), search_text(CAST(notes AS BLOB)),
	search_text(CAST(resolution AS BLOB)), search_text(CAST(areas AS BLOB)),
	search_text(CAST(type_of_issue AS BLOB)) `

// insertWords fills the search index, as copyRows do.
const insertWords = `INSERT INTO serve.search
	(rowid, description, notes, resolution, areas, type) SELECT pos, ` + searched

// appendToBlock appends a record to a row of the list.
func appendToBlock(block, summary []byte) []byte {
	if len(block) > 0 {
		block = append(block, snapshot.ListFrame().Separator...)
	}
	return append(block, summary...)
}

// storeBlock stores a row of the list, unless it is empty.
func (d *Draft) storeBlock(ctx context.Context, number int, block []byte) error {
	if len(block) == 0 {
		return nil
	}
	packed := snapshot.PackList(block)
	return d.execPrepared(ctx, `INSERT INTO list.block VALUES (?, ?, ?, ?)`,
		number, packed.Size, packed.CRC, packed.Blocks)
}

// writeRows walks over the rows once, by rows of the list: it copies them into the parts and
// indexes them. So the rows of a record lie close to those of its neighbors, with which they
// share most of their text: a part travels compressed with a small window.
func (d *Draft) writeRows(ctx context.Context, records int, index *index) error {
	const some = ` FROM (SELECT pos, staged FROM main.rank)
		CROSS JOIN main.row ON row.rowid = staged WHERE pos BETWEEN ? AND ? ORDER BY pos`
	row := newStagedRow()
	var block []byte
	for first := firstPosition; first < firstPosition+records; first += snapshot.BlockPositions {
		last := first + snapshot.BlockPositions - 1
		for _, copies := range copyRows {
			if err := d.execPrepared(ctx, copies.insert+some, first, last); err != nil {
				return err
			}
		}
		rows, err := d.query(ctx, `SELECT `+stagedColumns+some, first, last)
		if err != nil {
			return err
		}
		if block, err = addRows(block[:0], rows, row, index); err != nil {
			return err
		}
		if err := d.storeBlock(ctx, first/snapshot.BlockPositions, block); err != nil {
			return err
		}
	}
	return nil
}

// addRows indexes rows, and appends what the list has of them to block.
func addRows(block []byte, rows *sql.Rows, row *stagedRow, index *index) ([]byte, error) {
	defer rows.Close()
	for rows.Next() {
		if err := row.scan(rows); err != nil {
			return nil, err
		}
		index.add(row)
		block = appendToBlock(block, row.summary)
	}
	return block, rows.Err()
}
