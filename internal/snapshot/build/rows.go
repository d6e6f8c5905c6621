package build

import (
	"context"

	"voc/internal/snapshot"
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
	return d.run(ctx, `INSERT INTO list.block VALUES (?, ?, ?, ?)`,
		number, packed.Size, packed.CRC, packed.Blocks)
}
