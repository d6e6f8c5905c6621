package build

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"

	"voc/internal/snapshot"
)

// Draft is an unfinished snapshot. One goroutine uses it, and it ends with Seal or
// Discard. It is not read before it is sealed, so it is written without a journal and
// without flushes: a process that dies leaves files that can be deleted.
type Draft struct {
	parent *Parent // nil: none
	fork   bool    // rows of parent that were not put or removed stay
	dir    string
	stage  string // path of the database of what was put
	fields fieldSet

	db       *sql.DB
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

// Diff is how a draft differs from its parent, in numbers of records. Unchanged counts
// only records that were put.
type Diff struct{ Added, Changed, Removed, Unchanged int }

// Any reports whether the snapshot would differ from its parent in a record.
func (d Diff) Any() bool { return d.Added+d.Changed+d.Removed > 0 }

// Parent is an earlier snapshot.
type Parent struct {
	Paths   map[snapshot.Kind]string // of all parts
	Records int
	Source  *snapshot.Originals
}

// Close closes it.
func (p *Parent) Close() error { return p.Source.Close() }

// format4 is described at snapshot.Format.
const format4 = 4

func (p *Parent) isFormat4() bool { return p.Source.Format() == format4 }

// New starts an empty snapshot in dir, which must exist, be private and hold no other
// draft. Diff compares with the parent, if there is one; the caller keeps it open and
// closes it.
func New(ctx context.Context, dir string, parent *Parent) (*Draft, error) {
	return start(ctx, &Draft{dir: dir, parent: parent})
}

// Fork starts a snapshot with the records of parent, apart from the rows that are put
// or removed. If the parent is of an older format, all of its rows must be.
func Fork(ctx context.Context, dir string, parent *Parent) (*Draft, error) {
	return start(ctx, &Draft{dir: dir, parent: parent, fork: parent != nil})
}

func start(ctx context.Context, d *Draft) (*Draft, error) {
	d.stage = filepath.Join(d.dir, "main.sqlite")
	db, err := sql.Open("sqlite", snapshot.DSN(d.stage, url.Values{"_pragma": {
		"journal_mode(off)", "synchronous(off)", "cache_size(-1024)", "locking_mode(exclusive)",
	}}))
	if err != nil {
		return nil, snapshot.Wrap("start a draft", err)
	}
	d.db, d.prepared, d.fields.numbers = db, map[string]*sql.Stmt{}, map[string]int{}
	if err := d.open(ctx); err != nil {
		d.Discard()
		return nil, snapshot.Wrap("start a draft in "+d.dir, err)
	}
	return d, nil
}

// path returns where Seal writes a part.
func (d *Draft) path(kind snapshot.Kind) string {
	return filepath.Join(d.dir, string(kind)+".sqlite")
}

// open creates the stage and attaches the parent: its parts are parent_serve, parent_details and
// parent_source; known has the positions of its records by id.
func (d *Draft) open(ctx context.Context) (err error) {
	if d.conn, err = d.db.Conn(ctx); err != nil {
		return err
	}
	if d.parent != nil {
		readOnly := url.Values{"mode": {"ro"}, "immutable": {"1"}}
		for name, kind := range map[string]snapshot.Kind{
			"parent_serve":   snapshot.Serve,
			"parent_details": snapshot.Details,
			"parent_source":  snapshot.Sources,
		} {
			path := snapshot.DSN(d.parent.Paths[kind], readOnly)
			if err := d.exec(ctx, `ATTACH ? AS `+name, path); err != nil {
				return err
			}
		}
		records := `parent_details.record`
		if d.parent.isFormat4() {
			records = `parent_serve.feedback`
		}
		known := `CREATE TEMP VIEW known AS SELECT id, pos FROM ` + records
		if err := d.exec(ctx, known); err != nil {
			return err
		}
	}
	return d.exec(ctx, `BEGIN;`+stageSchema)
}

// execPrepared executes a statement that is prepared once: compiling one takes longer than most
// take to run.
func (d *Draft) execPrepared(ctx context.Context, text string, args ...any) error {
	statement, err := d.prepare(ctx, text) //nolint:sqlclosecheck // close does
	if err == nil {
		_, err = statement.ExecContext(ctx, args...)
	}
	return err
}

// query is execPrepared for a statement that returns rows.
func (d *Draft) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	statement, err := d.prepare(ctx, text) //nolint:sqlclosecheck // close does
	if err != nil {
		return nil, err
	}
	return statement.QueryContext(ctx, args...)
}

// get is execPrepared for a statement that returns one row, of which it reads a column. Error:
// sql.ErrNoRows.
func (d *Draft) get(ctx context.Context, into any, text string, args ...any) error {
	statement, err := d.prepare(ctx, text) //nolint:sqlclosecheck // close does
	if err == nil {
		err = statement.QueryRowContext(ctx, args...).Scan(into)
	}
	return err
}

func (d *Draft) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if statement := d.prepared[text]; statement != nil {
		return statement, nil
	}
	statement, err := d.conn.PrepareContext(ctx, text)
	if err == nil {
		d.prepared[text] = statement
	}
	return statement, err
}

func (d *Draft) exec(ctx context.Context, text string, args ...any) error {
	_, err := d.conn.ExecContext(ctx, text, args...)
	return err
}

// Put stages a row. Of two with one id the later counts; it also undoes a Remove.
func (d *Draft) Put(ctx context.Context, r Row) error {
	values, err := r.values(d.fields.filled(r.Cells))
	if err == nil {
		err = d.execPrepared(ctx, insertRow, values...)
	}
	if err == nil {
		err = d.execPrepared(ctx, `DELETE FROM main.removed WHERE id = ?`, r.Feedback.ID)
	}
	return snapshot.Wrap("put record "+r.Feedback.ID, err)
}

// Remove removes a record, whether it was put or is the parent's. An unknown id is no
// error.
func (d *Draft) Remove(ctx context.Context, id string) error {
	err := d.execPrepared(ctx, `DELETE FROM main.row WHERE id = ?`, id)
	if err == nil {
		err = d.execPrepared(ctx, `INSERT OR IGNORE INTO main.removed VALUES (?)`, id)
	}
	return snapshot.Wrap("remove record "+id, err)
}

// Reset undoes every Put and Remove of the ids that end with one of the characters; with
// "", of all ids.
func (d *Draft) Reset(ctx context.Context, ends string) error {
	err := d.exec(ctx, `DELETE FROM main.row WHERE `+endsWith, ends)
	if err == nil {
		err = d.exec(ctx, `DELETE FROM main.removed WHERE `+endsWith, ends)
	}
	return snapshot.Wrap("reset the draft", err)
}

// endsWith selects ids by their last character; with an empty argument, all of them.
const endsWith = `?1 = '' OR instr(?1, substr(id, -1))`

// Diff compares what was put and removed with the parent. Records are equal if their
// digests and their documents are.
func (d *Draft) Diff(ctx context.Context) (Diff, error) {
	const (
		digests = `r.digest = o.digest AND r.computed = o.computed AND r.summary = s.json`
		details = ` AND r.own = (SELECT own FROM parent_details.record d WHERE d.pos = p.pos)`
		both    = `SELECT count(*) FROM main.row r JOIN known p USING (id)
			JOIN parent_serve.summary s USING (pos) JOIN parent_source.record o USING (id) WHERE `
		added = `SELECT count(*) FROM main.row WHERE id NOT IN (SELECT id FROM known)`
	)
	same := digests
	if d.parent != nil && !d.parent.isFormat4() {
		same += details
	}
	removed := `SELECT count(*) FROM main.removed JOIN known USING (id)`
	if !d.fork {
		removed = `SELECT count(*) FROM known WHERE id NOT IN (SELECT id FROM main.row)`
	}
	query := `SELECT (` + added + `), (` + both + `NOT (` + same + `)), (` + both + same + `),
		(` + removed + `)`
	if d.parent == nil {
		query = `SELECT count(*), 0, 0, 0 FROM main.row`
	}
	var diff Diff
	statement, err := d.prepare(ctx, query) //nolint:sqlclosecheck // close does
	if err == nil {
		err = statement.QueryRowContext(ctx).
			Scan(&diff.Added, &diff.Changed, &diff.Unchanged, &diff.Removed)
	}
	return diff, snapshot.Wrap("compare with the parent", err)
}

// Discard ends a draft that is not sealed and removes its files. After Seal it does
// nothing.
func (d *Draft) Discard() {
	if d.db != nil {
		d.close()
		d.removeParts()
	}
}

func (d *Draft) removeParts() {
	for _, kind := range snapshot.Kinds() {
		_ = os.Remove(d.path(kind)) // a file that stays is in a directory that the caller removes
	}
}

// close closes the files and removes the stage.
func (d *Draft) close() {
	for _, statement := range d.prepared {
		_ = statement.Close() // it outlives its connection otherwise, and keeps the files open
	}
	clear(d.prepared)
	if d.conn != nil {
		_ = d.conn.Close()
	}
	_ = d.db.Close() // an unsealed draft is thrown away, and a sealed one is committed
	_ = os.Remove(d.stage)
	d.db = nil
}
