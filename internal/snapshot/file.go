package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
	lru "github.com/hashicorp/golang-lru/v2"

	"voc/internal/bound"
)

// Fetch returns the path of a part, which must not change while the snapshot is open. It may
// be called again after an error.
type Fetch func(ctx context.Context, kind Kind) (path string, err error)

// File is a snapshot for readers. Each part is fetched and opened by the first call that needs it.
// If that fails, the call returns the error, and the next call tries again. It is safe for
// concurrent use. Close does not wait for queries: the caller makes sure that none is running.
type File struct {
	records int
	fetch   Fetch

	serve, list, details lazyPart
	closed               atomic.Bool
	queries
	detail *sql.Stmt

	all     atomic.Pointer[roaring.Bitmap]      // the positions of all records, once they are known
	matches *lru.Cache[string, *roaring.Bitmap] // what recent searches found
	unions  *lru.Cache[string, union]           // of recent values of a property
	rows    *bound.Cache[rowKey, row]

	rankings *bound.Cache[rankingPart, []uint32]

	sizes   map[bodyKey]int64 // of the reports
	reports sync.Map          // bodyKey → []byte

	lists unpackedLists
}

// lazyPart is a part that is opened when it is needed.
type lazyPart struct {
	opening chan struct{} // holds one: one goroutine opens it
	opened  atomic.Bool
	part
}

// bodyKey is the key of a stored response.
type bodyKey struct {
	name     Name
	encoding Encoding
}

// queries of the serve part are prepared once: compiling one takes longer than most take to
// run.
type queries struct {
	facet, interval, matching, matchingAfter, relevance, ranking, summaries *sql.Stmt
}

// New returns a snapshot of a number of records. It fetches nothing yet.
func New(records int, fetch Fetch) *File {
	f := &File{
		records: records, fetch: fetch, sizes: map[bodyKey]int64{},
		rows:     bound.NewCache[rowKey, row](cachedRows),
		rankings: bound.NewCache[rankingPart, []uint32](cachedRankings),
		lists:    unpackedLists{ready: map[Encoding]bool{}},
	}
	f.lists.part = &f.list.part
	for _, p := range []*lazyPart{&f.serve, &f.list, &f.details} {
		p.opening = make(chan struct{}, 1)
	}
	// A length above zero is no error.
	f.matches, _ = lru.New[string, *roaring.Bitmap](bound.CachedSearches)
	f.unions, _ = lru.New[string, union](bound.CachedFilters)
	return f
}

// Records returns how many records the snapshot has.
func (f *File) Records() int { return f.records }

// Opened returns the kinds of parts that are open.
func (f *File) Opened() []Kind {
	return slices.DeleteFunc(ForReaders(), func(kind Kind) bool {
		return !f.lazy(kind).opened.Load()
	})
}

// Meta returns the description of the snapshot. Errors are those of Need.
func (f *File) Meta(ctx context.Context) (Meta, error) {
	if err := f.Need(ctx, Serve); err != nil {
		return Meta{}, err
	}
	return f.serve.meta, nil
}

// PartError says why a part could not be fetched or opened.
type PartError struct {
	Kind Kind
	Err  error
}

// Error says why.
func (p *PartError) Error() string { return p.Err.Error() }

// Unwrap returns the cause.
func (p *PartError) Unwrap() error { return p.Err }

// Need fetches and opens parts unless they are open. Error: a *PartError with an error of Fetch,
// ErrNotSnapshot or ErrFormat.
func (f *File) Need(ctx context.Context, kinds ...Kind) error {
	for _, kind := range kinds {
		if err := f.need(ctx, kind); err != nil {
			return &PartError{kind, err}
		}
	}
	return nil
}

func (f *File) need(ctx context.Context, kind Kind) error {
	p := f.lazy(kind)
	if p.opened.Load() {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case p.opening <- struct{}{}:
		defer func() { <-p.opening }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if p.opened.Load() {
		return nil
	}
	if f.closed.Load() {
		return os.ErrClosed
	}
	path, err := f.fetch(ctx, kind)
	if err != nil {
		return err
	}
	if p.part, err = openPart(path, kind); err != nil {
		return err
	}
	p.db.SetMaxOpenConns(bound.Readers)
	p.db.SetMaxIdleConns(bound.Readers)
	if err := f.prepare(kind); err != nil {
		_ = p.close() // the first error is the one to report
		return Wrap("open "+path, damaged(err))
	}
	p.opened.Store(true)
	return nil
}

func (f *File) lazy(kind Kind) *lazyPart {
	switch kind {
	case List:
		return &f.list
	case Details:
		return &f.details
	}
	return &f.serve
}

// prepare compiles the queries of a part; each text stands above the function that runs it.
func (f *File) prepare(kind Kind) (err error) {
	switch kind {
	case List:
		return f.lists.load()
	case Details:
		query := detailQuery
		if f.details.format == format4 {
			query = format4DetailQuery
		}
		f.detail, err = f.details.db.Prepare(query)
		return err
	}
	for _, q := range []struct {
		into **sql.Stmt
		text string
	}{
		{&f.facet, facetQuery},
		{&f.interval, intervalQuery},
		{&f.matching, matchingQuery},
		{&f.matchingAfter, matchingAfterQuery},
		{&f.relevance, relevanceQuery},
		{&f.ranking, rankingQuery},
		{&f.summaries, summariesQuery},
	} {
		*q.into, err = f.serve.db.Prepare(q.text) //nolint:sqlclosecheck // they end with the connections
		if err != nil {
			return err
		}
	}
	return f.loadSizes()
}

func (f *File) loadSizes() error {
	const query = `SELECT name, encoding, sum(length(bytes)) FROM body GROUP BY name, encoding`
	rows, err := f.serve.db.Query(query)
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

// Check reads all parts for readers and reports whether SQLite finds them consistent, and with
// the expected number of records. Errors: ErrNotSnapshot, and those of Need. Cost: a second for
// 5,830 records.
func (f *File) Check(ctx context.Context) error {
	if err := f.Need(ctx, ForReaders()...); err != nil {
		return err
	}
	for _, kind := range ForReaders() {
		if err := f.lazy(kind).check(ctx); err != nil {
			return err
		}
	}
	var n int
	err := f.serve.db.QueryRowContext(ctx, `SELECT count(*) FROM feedback`).Scan(&n)
	if err == nil && n != f.records {
		err = fmt.Errorf("%w: it has %d records, and should have %d", ErrNotSnapshot, n, f.records)
	}
	return Wrap("check "+f.serve.path, err)
}

// Close closes the parts and removes the lists that Body unpacked.
func (f *File) Close() error {
	f.closed.Store(true)
	f.lists.mu.Lock()
	defer f.lists.mu.Unlock()
	f.lists.remove()
	return errors.Join(f.serve.close(), f.list.close(), f.details.close())
}
