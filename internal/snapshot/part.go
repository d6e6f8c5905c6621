package snapshot

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"

	"modernc.org/sqlite"
)

// part is an open part.
type part struct {
	path   string
	db     *sql.DB
	meta   Meta
	format int
}

// openPart opens a sealed file and reads its description. Errors: ErrNotSnapshot, ErrFormat,
// *fs.PathError. It does not check the contents: the caller compares the SHA-256. Cost: a
// millisecond.
func openPart(path string, kind Kind) (part, error) {
	p := part{path: path}
	err := p.open(kind)
	if err != nil {
		_ = p.close() // the first error is the one to report
		return part{}, Wrap("open "+path, err)
	}
	return p, nil
}

func (p *part) open(kind Kind) error {
	// An error to open the file says nothing about the snapshot, but a query could not
	// distinguish it from ErrNotSnapshot.
	file, err := os.Open(p.path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: it is no file", ErrNotSnapshot)
	}
	if p.db, err = sql.Open("sqlite", DSN(p.path, immutable)); err != nil {
		return err
	}
	var text []byte
	if err = p.checkHeader(info.Size(), kind); err == nil {
		err = p.db.QueryRow(`SELECT json FROM meta`).Scan(&text)
	}
	if err == nil {
		err = json.Unmarshal(text, &p.meta)
	}
	return damaged(err)
}

// damaged adds ErrNotSnapshot to an error that says something about a file, and not about this
// host: codes of sqlite.org/rescode.html.
func damaged(err error) error {
	if err == nil || errors.Is(err, ErrFormat) {
		return err
	}
	const nomem, ioerr, cantOpen = 7, 10, 14
	if known, ok := errors.AsType[*sqlite.Error](err); ok {
		switch known.Code() & 0xff {
		case nomem, ioerr, cantOpen:
			return err
		}
	}
	return fmt.Errorf("%w: %w", ErrNotSnapshot, err)
}

// checkHeader checks that a file has all of its bytes and is what its application id says.
func (p *part) checkHeader(size int64, kind Kind) error {
	var application int
	var described int64
	const header = `SELECT application_id, user_version, page_count * page_size
		FROM pragma_application_id, pragma_user_version, pragma_page_count, pragma_page_size`
	err := p.db.QueryRow(header).Scan(&application, &p.format, &described)
	if p.format == format4 && kind != Sources {
		kind = Serve
	}
	switch {
	case err != nil:
		return err
	case application != ApplicationID(kind):
		return errors.New("its application id is another")
	case p.format > Format || p.format < OldestFormat:
		return fmt.Errorf("%w: its format is %d, this program reads %d to %d",
			ErrFormat, p.format, OldestFormat, Format)
	case size != described: // SQLite itself fills up a last page that is cut with zeros
		return fmt.Errorf("it has %d bytes of %d", size, described)
	}
	return nil
}

func (p *part) close() error {
	if p.db == nil {
		return nil
	}
	return Wrap("close "+p.path, p.db.Close())
}

// DSN returns the name of a SQLite file for its driver. It escapes path, which may hold
// any character.
func DSN(path string, options url.Values) string {
	escaped := (&url.URL{Path: path}).EscapedPath()
	u := url.URL{Scheme: "file", Opaque: escaped, RawQuery: options.Encode()}
	return u.String()
}

// immutable is how a sealed file is read: without locks, without files beside it, with a
// small page cache for each connection, since the operating system caches the same pages.
var immutable = url.Values{
	"mode": {"ro"}, "immutable": {"1"}, "_pragma": {"cache_size(-1024)", "query_only(1)"},
}

func (p *part) check(ctx context.Context) error {
	var found string
	if err := p.db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&found); err != nil {
		return Wrap("check "+p.path, err)
	}
	if found != "ok" {
		return fmt.Errorf("check %s: %w: %s", p.path, ErrNotSnapshot, found)
	}
	return nil
}

// uncancelled is the context of queries that read a few rows through an index: they end
// before a client could cancel them, and watching a context takes longer than some of
// them.
var uncancelled = context.Background()
