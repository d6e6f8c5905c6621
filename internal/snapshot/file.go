package snapshot

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	lru "github.com/hashicorp/golang-lru/v2"

	"voc/internal/bound"
)

// File is an open snapshot. It is safe for concurrent use. Close does not wait for
// queries: the caller makes sure that none is running.
type File struct {
	path    string
	db      *sql.DB
	meta    Meta
	records int
	queries
	hasWeekly bool                                // the file was made with the table weekly
	matches   *lru.Cache[string, *roaring.Bitmap] // what recent searches found
	unions    *lru.Cache[string, union]           // of recent values of a property
	rows      bound.Cache[rowKey, row]
	rankings  bound.Cache[rankingPart, []uint32]
	all       atomic.Pointer[roaring.Bitmap] // the positions of all records, once they are known

	sizes map[bodyKey]int64

	bodies sync.Mutex
	ready  map[Encoding]int64 // unpacked lists beside path, with their sizes

	streamUntil time.Time // lists are streamed: the disk could not be written
	diskError   error     // why; nil once a list could be written
	unwritten   Encoding  // of the list that could not
	plainSize   int64     // of the list as Identity, once it is known

	reports sync.Map // bodyKey → []byte
}

// bodyKey is the key of a stored response.
type bodyKey struct {
	name     Name
	encoding Encoding
}

// queries are prepared once: compiling one takes longer than most take to run.
type queries struct {
	detail, facet, interval, matching, matchingAfter, relevance, ranking, summaries *sql.Stmt
}

// Open opens a sealed file, which must not change while it is open. It returns
// ErrNotSnapshot or ErrFormat for a file of another kind. It does not check the contents:
// the caller compares the SHA-256. Cost: a millisecond.
func Open(path string) (*File, error) {
	db, meta, err := openPart(path, ServeID)
	if err != nil {
		return nil, wrap("open "+path, err)
	}
	db.SetMaxOpenConns(bound.Readers)
	db.SetMaxIdleConns(bound.Readers)
	f := &File{
		path: path, db: db, meta: meta, sizes: map[bodyKey]int64{}, ready: map[Encoding]int64{},
	}
	// A length above zero is no error.
	f.matches, _ = lru.New[string, *roaring.Bitmap](bound.CachedSearches)
	f.unions, _ = lru.New[string, union](bound.CachedFilters)
	const counted = `SELECT (SELECT count(*) FROM feedback),
		EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'weekly')`
	if err = f.db.QueryRow(counted).Scan(&f.records, &f.hasWeekly); err != nil {
		err = fmt.Errorf("%w: %w", ErrNotSnapshot, err)
	}
	if err = errors.Join(err, f.prepare(), f.loadSizes()); err != nil {
		_ = db.Close() // the first error is the one to report
		return nil, wrap("open "+path, err)
	}
	return f, nil
}

// openPart opens a part with an application id and reads its description.
func openPart(path string, id int) (db *sql.DB, meta Meta, err error) {
	// An error to open the file says nothing about the snapshot, but a query could not
	// distinguish it from ErrNotSnapshot.
	file, err := os.Open(path)
	if err != nil {
		return nil, meta, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, meta, err
	}
	if db, err = sql.Open("sqlite", DSN(path, immutable)); err != nil {
		return nil, meta, err
	}
	var text []byte
	if err = checkHeader(db, info.Size(), id); err == nil {
		err = db.QueryRow(`SELECT json FROM meta`).Scan(&text)
	}
	if err == nil {
		err = json.Unmarshal(text, &meta)
	}
	if err == nil {
		return db, meta, nil
	}
	_ = db.Close() // the first error is the one to report
	if !errors.Is(err, ErrFormat) {
		err = fmt.Errorf("%w: %w", ErrNotSnapshot, err)
	}
	return nil, meta, err
}

// checkHeader checks that a file has all of its bytes and is what its application id says.
func checkHeader(db *sql.DB, size int64, id int) error {
	var application, format int
	var whole int64
	const header = `SELECT application_id, user_version, page_count * page_size
		FROM pragma_application_id, pragma_user_version, pragma_page_count, pragma_page_size`
	err := db.QueryRow(header).Scan(&application, &format, &whole)
	switch {
	case err != nil:
		return err
	case application != id && (application != ServeID || format != wholeFormat):
		return errors.New("its application id is another")
	case format > Format || format < OldestFormat:
		return fmt.Errorf("%w: its format is %d, this program reads %d to %d",
			ErrFormat, format, OldestFormat, Format)
	case size != whole: // SQLite itself fills up a last page that is cut with zeros
		return fmt.Errorf("it has %d bytes of %d", size, whole)
	}
	return nil
}

// wholeFormat is the format whose one file is a serve part and a source part.
const wholeFormat = 3

// prepare compiles the queries; each text stands above the function that runs it.
func (f *File) prepare() (err error) {
	for _, q := range []struct {
		into **sql.Stmt
		text string
	}{
		{&f.detail, detailQuery},
		{&f.facet, facetQuery},
		{&f.interval, intervalQuery},
		{&f.matching, matchingQuery},
		{&f.matchingAfter, matchingAfterQuery},
		{&f.relevance, relevanceQuery},
		{&f.ranking, rankingQuery},
		{&f.summaries, summariesQuery},
	} {
		*q.into, err = f.db.Prepare(q.text) //nolint:sqlclosecheck // they end with the connections
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNotSnapshot, err)
		}
	}
	return nil
}

func (f *File) loadSizes() error {
	const query = `SELECT name, encoding, sum(length(bytes)) FROM body GROUP BY name, encoding`
	rows, err := f.db.Query(query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key bodyKey
		var size int64
		if err := rows.Scan(&key.name, &key.encoding, &size); err != nil {
			return err
		}
		f.sizes[key] = size
	}
	return rows.Err()
}

// Path returns the path that the file was opened by.
func (f *File) Path() string { return f.path }

// Meta returns the description of the snapshot.
func (f *File) Meta() Meta { return f.meta }

// Records returns how many records the snapshot has.
func (f *File) Records() int { return f.records }

// Close closes the file and removes the lists that Body unpacked beside it.
func (f *File) Close() error {
	f.bodies.Lock()
	defer f.bodies.Unlock()
	for encoding := range f.ready {
		_ = os.Remove(f.path + "." + string(encoding)) // it is in a directory of this process
	}
	return wrap("close "+f.path, f.db.Close())
}
