package snapshot

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
	lru "github.com/hashicorp/golang-lru/v2"
)

// readers bounds the connections to one file, and with them the page caches. Queries take microseconds, so that more would only wait for a core.
const readers = 4

// File is an open snapshot. It is safe for concurrent use; Close waits for nothing, so the caller sees to it that no query runs.
type File struct {
	path    string
	db      *sql.DB
	meta    Meta
	records int
	queries
	matches *lru.Cache[string, *roaring.Bitmap] // what the last searches found
	unions  *lru.Cache[string, *roaring.Bitmap] // and the last values of a property

	sizes map[stored]int64

	bodies sync.Mutex
	ready  map[Encoding]int64 // files beside path that hold a whole list, with their sizes

	reports sync.Map // stored → []byte
}

// stored is an answer that is kept ready.
type stored struct {
	name     Name
	encoding Encoding
}

// queries are prepared once: compiling one takes longer than most take to run.
type queries struct{ detail, facet, interval, matching, matchingAfter, relevance, ranking, summaries *sql.Stmt }

// How many searches a file remembers (pages of one, its facets, and what is typed meanwhile), and how many values of properties. A set takes 63 KB at most at 500,000
// records.
const (
	matchesKept = 16
	unionsKept  = 64
)

// Open opens a sealed file. It must not change while it is open; files that are made beside it go with Close. Errors: ErrNotSnapshot, ErrFormat.
// That the file is whole is for the caller to know by its SHA-256. Cost: a millisecond.
func Open(path string) (*File, error) {
	f, err := openSealed(path)
	if err != nil {
		return nil, wrap("open "+path, err)
	}
	return f, nil
}

func openSealed(path string) (*File, error) {
	size, err := sizeOf(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", DSN(path, immutable))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers)
	f := &File{path: path, db: db, sizes: map[stored]int64{}, ready: map[Encoding]int64{}}
	if err := f.load(size); err != nil {
		_ = db.Close() // the first error is the one to tell
		return nil, err
	}
	return f, nil
}

// sizeOf reads a file's size by opening it: what can not be opened at all says nothing about what it is.
func sizeOf(path string) (int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f *File) load(size int64) error {
	var application, version int
	var whole int64
	if err := f.db.QueryRow(`SELECT application_id, user_version, page_count * page_size
		FROM pragma_application_id, pragma_user_version, pragma_page_count, pragma_page_size`).Scan(&application, &version, &whole); err != nil {
		return fmt.Errorf("%w: %w", ErrNotSnapshot, err)
	}
	if application != ApplicationID {
		return ErrNotSnapshot
	}
	if version > Format || version < OldestFormat {
		return fmt.Errorf("%w: its format is %d, this program reads %d to %d", ErrFormat, version, OldestFormat, Format)
	}
	if size != whole { // SQLite itself reads a last page that is cut as if zeros followed
		return fmt.Errorf("%w: it has %d bytes of %d", ErrNotSnapshot, size, whole)
	}
	var meta []byte
	if err := f.db.QueryRow(`SELECT json, (SELECT count(*) FROM feedback) FROM meta`).Scan(&meta, &f.records); err != nil {
		return fmt.Errorf("%w: %w", ErrNotSnapshot, err)
	}
	if err := json.Unmarshal(meta, &f.meta); err != nil {
		return fmt.Errorf("%w: its description: %w", ErrNotSnapshot, err)
	}
	f.matches, _ = lru.New[string, *roaring.Bitmap](matchesKept) // a length above zero is no error
	f.unions, _ = lru.New[string, *roaring.Bitmap](unionsKept)
	return errors.Join(f.prepare(), f.loadSizes())
}

// prepare compiles the queries. Texts are read as blobs, which the driver copies once, not twice.
func (f *File) prepare() (err error) {
	for _, q := range []struct {
		into **sql.Stmt
		text string
	}{
		{&f.detail, `SELECT CAST(json AS BLOB), CAST(detail AS BLOB), CAST(fields AS BLOB) FROM feedback CROSS JOIN summary USING (pos) WHERE id = ?`},
		{&f.facet, `SELECT positions FROM facet WHERE property = ? AND key IN (?, ?, ?, ?, ?, ?, ?, ?)`},
		{&f.interval, `SELECT (SELECT min(pos) FROM feedback WHERE created = (SELECT max(created) FROM feedback WHERE created < ?)),
			(SELECT max(pos) FROM feedback WHERE created = (SELECT min(created) FROM feedback WHERE created >= ?))`},
		{&f.matching, `SELECT group_concat(rowid) FROM search WHERE search MATCH ?`},
		{&f.matchingAfter, `SELECT rowid FROM search WHERE search MATCH ? AND rowid > ? ORDER BY rowid`},
		{&f.relevance, `SELECT rowid FROM search WHERE search MATCH ? ORDER BY bm25(search), rowid LIMIT -1 OFFSET ?`},
		{&f.ranking, `SELECT positions FROM ranking WHERE sort = ? AND part >= ? ORDER BY part`},
		{&f.summaries, `SELECT CAST(summary.json AS BLOB) FROM json_each(?) AS wanted CROSS JOIN summary ON pos = wanted.value`},
	} {
		if *q.into, err = f.db.Prepare(q.text); err != nil { //nolint:sqlclosecheck // they end with the file's connections
			return fmt.Errorf("%w: %w", ErrNotSnapshot, err)
		}
	}
	return nil
}

func (f *File) loadSizes() error {
	rows, err := f.db.Query(`SELECT name, encoding, sum(length(bytes)) FROM body GROUP BY name, encoding`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var s stored
		var size int64
		if err := rows.Scan(&s.name, &s.encoding, &size); err != nil {
			return err
		}
		f.sizes[s] = size
	}
	return rows.Err()
}

// Path is where the file lies.
func (f *File) Path() string { return f.path }

// Meta is what the snapshot says of itself.
func (f *File) Meta() Meta { return f.meta }

// Records is how many records it serves.
func (f *File) Records() int { return f.records }

// Close closes the file and removes what Body made beside it.
func (f *File) Close() error {
	f.bodies.Lock()
	defer f.bodies.Unlock()
	for encoding := range f.ready {
		_ = os.Remove(f.bodyPath(encoding)) // it lies in a folder of this process
	}
	return wrap("close "+f.path, f.db.Close())
}
