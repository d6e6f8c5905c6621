package build

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"voc/internal/snapshot"
)

// Draft is an unfinished snapshot. One goroutine uses it, and it ends with Seal or
// Discard. Since no one reads it before it is sealed, it is written without a journal
// and without flushes: a process that dies leaves files that can be deleted.
type Draft struct {
	parent *Parent // nil: none
	fork   bool    // rows of parent that were not put or removed stay
	dir    string
	path   string // of the serve part
	source string // of the source part
	stage  string // of the stage
	fields fieldSet

	db   *sql.DB
	conn *sql.Conn
	statements
}

// sourceSchema creates the tables of the source part beside the draft.
var sourceSchema = strings.ReplaceAll(
	snapshot.SourceSchema, "CREATE TABLE ", "CREATE TABLE source.")

// statements are prepared once: compiling one takes longer than most take to run.
type statements struct{ insert, unremove, remove, markRemoved, markListed *sql.Stmt }

// Diff is how a draft differs from its parent, in numbers of records. Unchanged counts
// only records that were put.
type Diff struct{ Added, Changed, Removed, Unchanged int }

// Any reports whether the snapshot would differ from its parent in a record.
func (d Diff) Any() bool { return d.Added+d.Changed+d.Removed > 0 }

// Parent has the two parts of an earlier snapshot.
type Parent struct {
	Serve  *snapshot.File
	Source *snapshot.Originals
}

// Close closes both parts.
func (p *Parent) Close() error { return errors.Join(p.Serve.Close(), p.Source.Close()) }

// New starts an empty snapshot in dir, which must exist, be private and hold no other
// draft. Diff compares with the parent, if there is one; the caller keeps it open and
// closes it.
func New(ctx context.Context, dir string, parent *Parent) (*Draft, error) {
	return start(ctx, &Draft{dir: dir, parent: parent})
}

// Fork starts a snapshot with the records of parent, apart from the rows that are put
// or removed.
func Fork(ctx context.Context, dir string, parent *Parent) (*Draft, error) {
	return start(ctx, &Draft{dir: dir, parent: parent, fork: parent != nil})
}

func start(ctx context.Context, d *Draft) (*Draft, error) {
	d.path = filepath.Join(d.dir, "draft.sqlite")
	d.source = filepath.Join(d.dir, "source.sqlite")
	d.stage = filepath.Join(d.dir, "stage.sqlite")
	db, err := sql.Open("sqlite", snapshot.DSN(d.path, url.Values{
		"_pragma": {
			"journal_mode(off)", "synchronous(off)", "cache_size(-1024)", "locking_mode(exclusive)",
		},
	}))
	if err != nil {
		return nil, wrap("start a draft", err)
	}
	d.db, d.fields.numbers = db, map[string]int{}
	if err := d.attach(ctx); err != nil {
		d.Discard()
		return nil, wrap("start a draft in "+d.dir, err)
	}
	return d, nil
}

// attach opens the stage and the parent beside the draft, and creates all tables.
func (d *Draft) attach(ctx context.Context) (err error) {
	if d.conn, err = d.db.Conn(ctx); err != nil {
		return err
	}
	type file struct{ name, path string }
	files := []file{{"stage", d.stage}, {"source", d.source}}
	if d.parent != nil {
		readOnly := url.Values{"mode": {"ro"}, "immutable": {"1"}}
		files = append(files,
			file{"parent", snapshot.DSN(d.parent.Serve.Path(), readOnly)},
			file{"origin", snapshot.DSN(d.parent.Source.Path(), readOnly)})
	}
	for _, f := range files {
		if err := d.exec(ctx, `ATTACH ? AS `+f.name, f.path); err != nil {
			return err
		}
	}
	const settings = `
		PRAGMA stage.cache_size = -1024; PRAGMA stage.journal_mode = OFF;
		PRAGMA stage.synchronous = OFF;
		PRAGMA source.cache_size = -1024; PRAGMA source.journal_mode = OFF;
		PRAGMA source.synchronous = OFF;
		BEGIN;`
	if err := d.exec(ctx, settings+snapshot.Schema+sourceSchema+stageSchema); err != nil {
		return err
	}
	for _, s := range []struct {
		into **sql.Stmt
		text string
	}{
		{&d.insert, insertRow},
		{&d.unremove, `DELETE FROM stage.removed WHERE id = ?`},
		{&d.remove, `DELETE FROM stage.row WHERE id = ?`},
		{&d.markRemoved, `INSERT OR IGNORE INTO stage.removed VALUES (?)`},
		{&d.markListed, `INSERT OR REPLACE INTO stage.listed VALUES (?, ?)`},
	} {
		*s.into, err = d.conn.PrepareContext(ctx, s.text) //nolint:sqlclosecheck // close does
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *Draft) exec(ctx context.Context, text string, args ...any) error {
	_, err := d.conn.ExecContext(ctx, text, args...)
	return err
}

// Put stages a row. Of two with one id the later counts; it also undoes a Remove.
func (d *Draft) Put(ctx context.Context, r Row) error {
	_, err := d.insert.ExecContext(ctx, r.values(d.fields.filled(r.Cells))...)
	if err == nil {
		_, err = d.unremove.ExecContext(ctx, r.Feedback.ID)
	}
	return wrap("put record "+r.Feedback.ID, err)
}

// Remove removes a record, whether it was put or is the parent's. An unknown id is no
// error.
func (d *Draft) Remove(ctx context.Context, id string) error {
	_, err := d.remove.ExecContext(ctx, id)
	if err == nil {
		_, err = d.markRemoved.ExecContext(ctx, id)
	}
	return wrap("remove record "+id, err)
}

// Reset undoes every Put and Remove of the ids that end with one of the characters; with
// "", of all ids.
func (d *Draft) Reset(ctx context.Context, ends string) error {
	err := d.exec(ctx, `DELETE FROM stage.row WHERE `+endsWith, ends)
	if err == nil {
		err = d.exec(ctx, `DELETE FROM stage.removed WHERE `+endsWith, ends)
	}
	return wrap("reset the draft", err)
}

// endsWith selects ids by their last character; with an empty argument, all of them.
const endsWith = `?1 = '' OR instr(?1, substr(id, -1))`

// Diff compares what was put and removed with the parent. Records are equal if their
// digests and their documents are.
func (d *Draft) Diff(ctx context.Context) (Diff, error) {
	const (
		both = `SELECT count(*) FROM stage.row r JOIN parent.feedback p USING (id)
			JOIN parent.summary s USING (pos) JOIN origin.record o USING (id) WHERE `
		same = `r.digest = o.digest AND r.computed = o.computed
			AND r.summary = s.json AND r.detail = p.detail`
		added = `SELECT count(*) FROM stage.row WHERE id NOT IN (SELECT id FROM parent.feedback)`
	)
	removed := `SELECT count(*) FROM stage.removed JOIN parent.feedback USING (id)`
	if !d.fork {
		removed = `SELECT count(*) FROM parent.feedback WHERE id NOT IN (SELECT id FROM stage.row)`
	}
	query := `SELECT (` + added + `), (` + both + `NOT (` + same + `)), (` + both + same + `),
		(` + removed + `)`
	if d.parent == nil {
		query = `SELECT count(*), 0, 0, 0 FROM stage.row`
	}
	var diff Diff
	err := d.conn.QueryRowContext(ctx, query).
		Scan(&diff.Added, &diff.Changed, &diff.Unchanged, &diff.Removed)
	return diff, wrap("compare with the parent", err)
}

// Discard ends a draft that is not sealed and removes its files. After Seal it does
// nothing.
func (d *Draft) Discard() {
	if d.db != nil {
		d.close()
		_ = os.Remove(d.path) // a file that stays is in a directory that the caller removes
		_ = os.Remove(d.source)
	}
}

// close closes the files and removes the stage.
func (d *Draft) close() {
	all := []*sql.Stmt{d.insert, d.unremove, d.remove, d.markRemoved, d.markListed}
	for _, statement := range all {
		if statement != nil {
			_ = statement.Close() // it outlives its connection otherwise, and keeps the files open
		}
	}
	if d.conn != nil {
		_ = d.conn.Close()
	}
	_ = d.db.Close() // an unsealed draft is thrown away, and a sealed one is committed
	_ = os.Remove(d.stage)
	d.db = nil
}
