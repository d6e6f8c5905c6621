package build

import (
	"context"
	"database/sql"
	"database/sql/driver"
	_ "embed" // parent.sql, derive.sql
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

var errClosed = errors.New("the draft was sealed or discarded before")

// firstPosition is the position of the newest record in a snapshot that is sealed in full. So
// there is room before it for the records that come until the next one.
const firstPosition = 1 << 20

// Seal finishes the draft: it derives everything that is served, lets SQLite check the files
// and flushes them. A fork that changes few records amends copies of the parent's files; any
// other draft is written in full, and the answers are the same. The files belong to the
// caller; the draft has ended, whatever Seal returns. Cost: about 0.2 ms of CPU a record; of an
// amendment 0.04 ms, for copies, digests and SQLite's check, and 1 to 5 ms for each change.
func (d *Draft) Seal(ctx context.Context, meta snapshot.Meta) (snapshot.Sealed, error) {
	if d.db == nil {
		return snapshot.Sealed{}, snapshot.Wrap("seal", errClosed)
	}
	defer d.Discard() // what is sealed is closed by then
	records, err := d.write(ctx, &meta)
	if err == nil {
		err = d.check(ctx)
	}
	if err != nil {
		return snapshot.Sealed{}, snapshot.Wrap("seal", err)
	}
	d.close()
	sealed := snapshot.Sealed{
		Parts: map[snapshot.Kind]snapshot.Part{}, Records: records, Contents: meta.Contents,
	}
	for _, kind := range snapshot.Kinds() {
		if sealed.Parts[kind], err = flush(d.path(kind)); err != nil {
			d.removeParts()
			return snapshot.Sealed{}, snapshot.Wrap("seal", err)
		}
	}
	return sealed, nil
}

// write writes the parts and fills in meta. It returns how many records they have.
func (d *Draft) write(ctx context.Context, meta *snapshot.Meta) (records int, err error) {
	if meta.Filled, err = d.countFilled(ctx); err != nil {
		return 0, err
	}
	amends, err := d.touch(ctx, *meta)
	if err != nil {
		return 0, err
	}
	meta.AmendedSince = time.Time{}
	if amends {
		was := d.parent.Source.Meta()
		if meta.AmendedSince = was.AmendedSince; meta.AmendedSince.IsZero() {
			meta.AmendedSince = was.CreatedAt
		}
		err = d.amend(ctx, *meta)
	} else {
		err = d.writeAll(ctx, *meta)
	}
	if err != nil {
		return 0, err
	}
	if records, err = d.writeReports(ctx, meta.CreatedAt); err != nil {
		return 0, err
	}
	if err := d.digest(ctx, &meta.Contents); err != nil {
		return 0, err
	}
	if err := d.describe(ctx, *meta); err != nil {
		return 0, err
	}
	return records, d.exec(ctx, `COMMIT`)
}

//go:embed derive.sql
var derive string

// writeAll creates the parts and fills their tables.
func (d *Draft) writeAll(ctx context.Context, meta snapshot.Meta) error {
	records, err := d.rank(ctx)
	if err != nil {
		return err
	}
	if err := d.create(ctx); err != nil {
		return err
	}
	index := newIndex()
	if err := d.writeRows(ctx, records, index); err != nil {
		return err
	}
	if err := d.exec(ctx, derive); err != nil {
		return err
	}
	if err := d.exec(ctx, insertWords+`FROM main.rank CROSS JOIN main.row ON row.rowid = staged
		ORDER BY pos; INSERT INTO serve.search (search) VALUES ('optimize')`); err != nil {
		return err
	}
	if err := d.writeTombstones(ctx, meta); err != nil {
		return err
	}
	if err := d.writeValues(ctx, index, false); err != nil {
		return err
	}
	if err := d.writeTimes(ctx, index.times); err != nil {
		return err
	}
	return d.writeRankings(ctx, index)
}

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
	err = d.conn.QueryRowContext(ctx, `SELECT count(*) FROM main.rank`).Scan(&records)
	return records, err
}

// carry stages the rows of the parent that stay.
func (d *Draft) carry(ctx context.Context) error {
	if !d.parent.isWhole() {
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
//go:embed parent.sql
var parentRows string

// init registers two functions for the statements of this package: search_text gives insertWords
// the words of a text as the search index holds them; unpack gives parentRows a packed response.
// The driver offers a function to all connections of the process or to none.
func init() {
	sqlite.MustRegisterDeterministicScalarFunction("search_text", 1,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			text, ok := args[0].([]byte) // the driver cuts what is not a blob at a NUL
			if !ok && args[0] != nil {
				return nil, fmt.Errorf("search_text of a %T, not of a blob", args[0])
			}
			return feedback.SearchText(string(text)), nil
		})
	sqlite.MustRegisterDeterministicScalarFunction("unpack", 3,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			size, _ := args[0].(int64)
			crc, _ := args[1].(int64)
			blocks, _ := args[2].([]byte)
			text, err := snapshot.Packed{
				Blocks: blocks, Size: uint32(size), CRC: uint32(crc), // #nosec G115 -- as they were stored
			}.Text()
			return string(text), err
		})
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
			if err := d.run(ctx, copies.insert+some, first, last); err != nil {
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
