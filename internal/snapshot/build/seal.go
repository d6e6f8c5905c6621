package build

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	_ "embed" // derive.sql
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"modernc.org/sqlite"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

var errClosed = errors.New("the draft was sealed or discarded before")

// Seal finishes the draft: it carries over the rows of the parent that stay, derives
// everything that is served, lets SQLite check both files and flushes them. They belong
// to the caller; the draft has ended, whatever Seal returns. Cost: about 0.2 ms of CPU a
// record.
func (d *Draft) Seal(ctx context.Context, meta snapshot.Meta) (snapshot.Sealed, error) {
	if d.db == nil {
		return snapshot.Sealed{}, wrap("seal", errClosed)
	}
	defer d.Discard() // what is sealed is closed by then
	records, err := d.rank(ctx)
	if err == nil {
		meta.Filled, err = d.countFilled(ctx)
	}
	if err == nil {
		err = d.digest(ctx, &meta.Contents)
	}
	if err == nil {
		err = d.write(ctx, meta, records)
	}
	if err == nil {
		err = d.check(ctx)
	}
	if err != nil {
		return snapshot.Sealed{}, wrap("seal", err)
	}
	d.close()
	sealed := snapshot.Sealed{Records: records, Contents: meta.Contents}
	if sealed.Part, err = flush(d.path); err == nil {
		sealed.Source, err = flush(d.source)
	}
	if err != nil {
		_ = os.Remove(d.path)
		_ = os.Remove(d.source)
		return snapshot.Sealed{}, wrap("seal", err)
	}
	return sealed, nil
}

// rank carries over the rows of the parent and puts all rows in the order in which they
// are served: newest first, ties by id. It returns how many they are.
func (d *Draft) rank(ctx context.Context) (records int, err error) {
	if d.fork {
		if err := d.exec(ctx, carryRows); err != nil {
			return 0, err
		}
	}
	// Beside the rank stands what is read in another order, so that the long rows are not.
	const order = `
		CREATE TABLE stage.rank (pos INTEGER PRIMARY KEY, staged INTEGER NOT NULL,
			id TEXT NOT NULL, digest BLOB NOT NULL, computed BLOB NOT NULL, filled BLOB);
		INSERT INTO stage.rank (staged, id, digest, computed, filled)
			SELECT rowid, id, digest, computed, filled FROM stage.row ORDER BY created DESC, id`
	if err := d.exec(ctx, order); err != nil {
		return 0, err
	}
	err = d.conn.QueryRowContext(ctx, `SELECT count(*) FROM stage.rank`).Scan(&records)
	return records, err
}

//go:embed derive.sql
var derive string

// init registers search_text, which gives derive the words of a text as the search index
// holds them. The driver offers a function to all connections of the process or to none.
func init() {
	sqlite.MustRegisterDeterministicScalarFunction("search_text", 1,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			text, ok := args[0].([]byte) // the driver cuts what is not a blob at a NUL
			if !ok && args[0] != nil {
				return nil, fmt.Errorf("search_text of a %T, not of a blob", args[0])
			}
			return feedback.SearchText(string(text)), nil
		})
}

// write fills all tables of the snapshot.
func (d *Draft) write(ctx context.Context, meta snapshot.Meta, records int) error {
	for table, described := range map[string]snapshot.Meta{
		"main.meta": meta.ForReaders(), "source.meta": meta,
	} {
		text, err := json.Marshal(described)
		if err != nil {
			return err
		}
		if err := d.exec(ctx, `INSERT INTO `+table+` VALUES (?)`, string(text)); err != nil {
			return err
		}
	}
	bodies, err := d.newBodies(ctx)
	if err != nil {
		return err
	}
	defer bodies.close()
	index := newIndex(meta.CreatedAt)
	if err := d.writeRows(ctx, records, index, bodies); err != nil {
		return err
	}
	if err := d.exec(ctx, derive); err != nil {
		return err
	}
	if err := d.writeTombstones(ctx, meta); err != nil {
		return err
	}
	if err := d.writeIndex(ctx, index, bodies); err != nil {
		return err
	}
	for i, list := range bodies.files {
		if _, err := list.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if err := bodies.store(ctx, snapshot.List, bodies.each[i].encoding, list); err != nil {
			return err
		}
	}
	return d.exec(ctx, fmt.Sprintf(`
		PRAGMA main.user_version = %d; PRAGMA main.application_id = %d;
		PRAGMA source.user_version = %[1]d; PRAGMA source.application_id = %[3]d;
		COMMIT`, snapshot.Format, snapshot.ServeID, snapshot.SourceID))
}

// recordsPerBlock is how many records lie beside each other in the file, with both of
// their rows: these share most of their text, and a snapshot travels compressed with a
// window of a megabyte.
const recordsPerBlock = 64

// writeRows walks over the rows once, block by block: it copies them into both files,
// indexes them and writes the list.
func (d *Draft) writeRows(ctx context.Context, records int, index *index, bodies *bodies) error {
	const block = ` FROM (SELECT pos, staged FROM stage.rank)
		CROSS JOIN stage.row ON row.rowid = staged WHERE pos BETWEEN ? AND ? ORDER BY pos`
	var originals, feedbacks, summaries, lookups *sql.Stmt
	for _, s := range []struct {
		into **sql.Stmt
		text string
	}{
		{&originals, `INSERT INTO source.record (id, ` + original + `, fields)
			SELECT id, ` + original + `, fields` + block},
		{&feedbacks, `INSERT INTO feedback (pos, ` + served + `, detail, fields)
			SELECT pos, ` + served + `, detail, coalesce(shown, fields)` + block},
		{&summaries, `INSERT INTO summary (pos, json) SELECT pos, summary` + block},
		{&lookups, `SELECT ` + stagedColumns + block},
	} {
		statement, err := d.conn.PrepareContext(ctx, s.text)
		if err != nil {
			return err
		}
		defer statement.Close()
		*s.into = statement
	}
	row := newStagedRow()
	for first := 1; first <= records; first += recordsPerBlock {
		last := first + recordsPerBlock - 1
		for _, copies := range []*sql.Stmt{originals, feedbacks, summaries} {
			if _, err := copies.ExecContext(ctx, first, last); err != nil {
				return err
			}
		}
		rows, err := lookups.QueryContext(ctx, first, last)
		if err != nil {
			return err
		}
		if err := addRows(rows, row, index, bodies); err != nil {
			return err
		}
	}
	return bodies.endList()
}

// addRows indexes rows and appends them to the list.
func addRows(rows *sql.Rows, row *stagedRow, index *index, bodies *bodies) error {
	defer rows.Close()
	for rows.Next() {
		if err := row.scan(rows); err != nil {
			return err
		}
		index.add(row)
		bodies.add(row.summary)
	}
	return rows.Err()
}

// check lets SQLite check both files.
func (d *Draft) check(ctx context.Context) error {
	for _, file := range []string{"main", "source"} {
		var verdict string
		err := d.conn.QueryRowContext(ctx, `PRAGMA `+file+`.quick_check(1)`).Scan(&verdict)
		if err != nil {
			return err
		}
		if verdict != "ok" {
			return fmt.Errorf("SQLite finds the new file damaged, is the disk sound? %s", verdict)
		}
	}
	return nil
}

// flush makes a file durable and hashes it on the way.
func flush(path string) (snapshot.Part, error) {
	part := snapshot.Part{Path: path}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return part, err
	}
	defer file.Close()
	hash := sha256.New()
	if part.Bytes, err = io.Copy(hash, file); err != nil {
		return part, err
	}
	part.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return part, file.Sync()
}
