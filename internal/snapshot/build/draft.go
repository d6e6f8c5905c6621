package build

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// columns of a record, in the order in which Put binds them; apart are those that lie in the table feedback.
const (
	columns = `id, created_time, created, report_week, h1, h2, h3, h4, h5, digest, computed, summary, detail, fields`
	apart   = `id, created_time, created, report_week, h1, h2, h3, h4, h5, digest, computed, detail, fields`
)

// stage is what a draft has taken so far: rows as in feedback, without a rank, and the ids that go.
const stage = `
CREATE TABLE stage.row AS SELECT ` + columns + ` FROM main.record WHERE false;
CREATE UNIQUE INDEX stage.row_id ON row (id);
CREATE TABLE stage.removed (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE stage.listed (id TEXT PRIMARY KEY, computed BLOB NOT NULL) WITHOUT ROWID;`

// Draft is a snapshot in the making. It is used by one goroutine and ends in Seal or Discard. Until it is sealed nothing of it is of use to
// anyone, so it is written without a journal and without flushes: a process that dies leaves files to throw away.
type Draft struct {
	parent *snapshot.File // nil: none
	carry  bool           // rows of parent that the draft does not touch stay
	dir    string
	db     *sql.DB
	conn   *sql.Conn
	put    *sql.Stmt
}

// Diff is what a draft does to its parent, in records. Unchanged counts only records that the draft has taken.
type Diff struct{ Added, Changed, Removed, Unchanged int }

// Any says whether the snapshot would differ from its parent in a record.
func (d Diff) Any() bool { return d.Added+d.Changed+d.Removed > 0 }

// New starts an empty snapshot in dir, which must exist, be private and hold no other draft. A parent, if any, serves Diff; it stays the caller's and must stay
// open.
func New(ctx context.Context, dir string, parent *snapshot.File) (*Draft, error) {
	return open(ctx, &Draft{dir: dir, parent: parent})
}

// Fork starts a snapshot that holds what parent holds, but for the rows that are put or removed.
func Fork(ctx context.Context, dir string, parent *snapshot.File) (*Draft, error) {
	return open(ctx, &Draft{dir: dir, parent: parent, carry: parent != nil})
}

func open(ctx context.Context, d *Draft) (*Draft, error) {
	db, err := sql.Open("sqlite", snapshot.DSN(d.path(), url.Values{
		"_pragma": {"journal_mode(off)", "synchronous(off)", "cache_size(-1024)", "locking_mode(exclusive)"},
	}))
	if err != nil {
		return nil, wrap("start a draft", err)
	}
	d.db = db
	if err := d.prepare(ctx); err != nil {
		d.Discard()
		return nil, wrap("start a draft in "+d.dir, err)
	}
	return d, nil
}

func (d *Draft) prepare(ctx context.Context) (err error) {
	if d.conn, err = d.db.Conn(ctx); err != nil {
		return err
	}
	attach := []statement{{`ATTACH ? AS stage`, []any{filepath.Join(d.dir, "stage.sqlite")}}}
	if d.parent != nil {
		attach = append(attach, statement{`ATTACH ? AS parent`, []any{snapshot.DSN(d.parent.Path(), url.Values{"mode": {"ro"}, "immutable": {"1"}})}})
	}
	attach = append(attach,
		statement{`PRAGMA stage.journal_mode = OFF`, nil}, statement{`PRAGMA stage.synchronous = OFF`, nil}, statement{`PRAGMA stage.cache_size = -1024`, nil},
		statement{`BEGIN`, nil}, statement{snapshot.Schema, nil}, statement{stage, nil})
	if err := d.exec(ctx, attach...); err != nil {
		return err
	}
	d.put, err = d.conn.PrepareContext(ctx, `INSERT OR REPLACE INTO stage.row (`+columns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)`)
	return err
}

type statement struct {
	text string
	args []any
}

func (d *Draft) exec(ctx context.Context, statements ...statement) error {
	for _, s := range statements {
		if _, err := d.conn.ExecContext(ctx, s.text, s.args...); err != nil {
			return err
		}
	}
	return nil
}

func (d *Draft) path() string { return filepath.Join(d.dir, "draft.sqlite") }

// Put takes a row; of two with one id the later counts, also against Remove.
func (d *Draft) Put(ctx context.Context, r Row) error {
	f, h := r.Feedback, r.Feedback.Hours
	_, err := d.put.ExecContext(ctx, f.ID, r.Source.CreatedTime.UTC().Format(feedback.TimeFormat), f.Created.Format(feedback.TimeFormat),
		f.ReportWeek, h[0], h[1], h[2], h[3], h[4],
		r.Source.Digest, r.Source.Computed, string(f.Summary()), string(f.Detail(r.URL)), string(r.Source.Fields))
	if err == nil {
		_, err = d.conn.ExecContext(ctx, `DELETE FROM stage.removed WHERE id = ?`, f.ID)
	}
	return wrap("put record "+f.ID, err)
}

// Remove takes a record out, whether it was put or is the parent's. One that is in neither is no error.
func (d *Draft) Remove(ctx context.Context, id string) error {
	return wrap("remove record "+id, d.exec(ctx,
		statement{`DELETE FROM stage.row WHERE id = ?`, []any{id}},
		statement{`INSERT OR IGNORE INTO stage.removed VALUES (?)`, []any{id}}))
}

// Reset forgets all that was put and removed.
func (d *Draft) Reset(ctx context.Context) error {
	return wrap("reset the draft", d.exec(ctx, statement{`DELETE FROM stage.row`, nil}, statement{`DELETE FROM stage.removed`, nil}))
}

// Diff compares what was taken with the parent. Records are the same when their digests and their JSON are.
func (d *Draft) Diff(ctx context.Context) (Diff, error) {
	var diff Diff
	if d.parent == nil {
		return diff, d.scan(ctx, `SELECT count(*) FROM stage.row`, &diff.Added)
	}
	removed := `SELECT count(*) FROM stage.removed JOIN parent.feedback USING (id)`
	if !d.carry {
		removed = `SELECT count(*) FROM parent.feedback WHERE id NOT IN (SELECT id FROM stage.row)`
	}
	same := `r.digest = p.digest AND r.computed = p.computed AND r.summary = p.summary AND r.detail = p.detail`
	return diff, errors.Join(
		d.scan(ctx, `SELECT count(*) FROM stage.row WHERE id NOT IN (SELECT id FROM parent.feedback)`, &diff.Added),
		d.scan(ctx, `SELECT count(*) FROM stage.row r JOIN parent.record p USING (id) WHERE NOT (`+same+`)`, &diff.Changed),
		d.scan(ctx, `SELECT count(*) FROM stage.row r JOIN parent.record p USING (id) WHERE `+same, &diff.Unchanged),
		d.scan(ctx, removed, &diff.Removed))
}

func (d *Draft) scan(ctx context.Context, query string, into *int) error {
	return wrap("compare with the parent", d.conn.QueryRowContext(ctx, query).Scan(into))
}

// Discard ends a draft that is not sealed and removes its files. After Seal it does nothing.
func (d *Draft) Discard() {
	if d.db != nil {
		d.abandon()
	}
}

func (d *Draft) abandon() {
	d.close()
	_ = os.Remove(d.path()) // a file that stays is in a folder that goes
}

func (d *Draft) close() {
	if d.db == nil {
		return
	}
	if d.put != nil {
		_ = d.put.Close() // a statement of a connection outlives it, and would keep both files open
	}
	if d.conn != nil {
		_ = d.conn.Close()
	}
	_ = d.db.Close() // nothing of an unsealed draft is kept, and a sealed one was flushed before
	_ = os.Remove(filepath.Join(d.dir, "stage.sqlite"))
	d.db = nil
}
