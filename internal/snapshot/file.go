package snapshot

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

// readers bounds the connections to one file, and with them the page caches. Queries take microseconds, so that more would only wait for a core.
const readers = 4

// File is an open snapshot. It is safe for concurrent use; Close waits for nothing, so the caller sees to it that no query runs.
type File struct {
	path    string
	db      *sql.DB
	meta    Meta
	records int
	detail  *sql.Stmt

	sizes map[Encoding]int64 // of the stored lists

	bodies sync.Mutex
	ready  map[Encoding]int64 // files beside path that hold a whole list, with their sizes
}

// Open opens a sealed file. It must not change while it is open; files that Body makes beside it go with Close. Errors: ErrNotSnapshot, ErrSchema.
// That the file is whole is for the caller to know by its SHA-256.
func Open(path string) (*File, error) {
	size, err := sizeOf(path)
	if err != nil {
		return nil, wrap("open "+path, err)
	}
	db, err := sql.Open("sqlite", dsn(path, immutable))
	if err != nil {
		return nil, wrap("open "+path, err)
	}
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers)
	f := &File{path: path, db: db, sizes: map[Encoding]int64{}, ready: map[Encoding]int64{}}
	if err := f.load(size); err != nil {
		_ = db.Close() // the first error is the one to tell
		return nil, wrap("open "+path, err)
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
	if application != applicationID {
		return ErrNotSnapshot
	}
	if version > SchemaVersion || version < SchemaVersion-1 {
		return fmt.Errorf("%w: its schema is %d, this program reads %d and the one before", ErrSchema, version, SchemaVersion)
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
	var err error
	if f.detail, err = f.db.Prepare(`SELECT summary, detail, fields FROM feedback WHERE id = ?`); err != nil {
		return err
	}
	return f.loadSizes()
}

func (f *File) loadSizes() error {
	rows, err := f.db.Query(`SELECT encoding, sum(length(bytes)) FROM body GROUP BY encoding`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var encoding Encoding
		var size int64
		if err := rows.Scan(&encoding, &size); err != nil {
			return err
		}
		f.sizes[encoding] = size
	}
	return rows.Err()
}

// Meta is what the snapshot says of itself.
func (f *File) Meta() Meta { return f.meta }

// Records is how many records it serves.
func (f *File) Records() int { return f.records }

// Smallest picks, of the encodings that a client takes, the one in which the whole list is smallest; without any of them it is Identity.
func (f *File) Smallest(accepted []Encoding) Encoding {
	best := Identity
	for _, encoding := range accepted {
		size, ok := f.sizes[encoding]
		if ok && (best == Identity || size < f.sizes[best]) {
			best = encoding
		}
	}
	return best
}

// Size is how many bytes the whole list has in an encoding; 0 for one that the snapshot does not hold.
func (f *File) Size(encoding Encoding) int64 { return f.sizes[encoding] }

// Close closes the file and removes what Body made beside it.
func (f *File) Close() error {
	f.bodies.Lock()
	defer f.bodies.Unlock()
	for encoding := range f.ready {
		_ = os.Remove(f.bodyPath(encoding)) // it lies in a folder of this process
	}
	return wrap("close "+f.path, f.db.Close())
}

// Body opens the whole list in an encoding; the caller closes it. The first call for an encoding writes it to a file beside the
// snapshot, later ones only open that.
func (f *File) Body(ctx context.Context, encoding Encoding) (*os.File, int64, error) {
	f.bodies.Lock()
	defer f.bodies.Unlock()
	path := f.bodyPath(encoding)
	size, ok := f.ready[encoding]
	if !ok {
		var err error
		if size, err = f.unpack(ctx, encoding, path); err != nil {
			_ = os.Remove(path) // half a list must not be found again
			return nil, 0, wrap("unpack the list as "+string(encoding), err)
		}
		f.ready[encoding] = size
	}
	file, err := os.Open(path)
	return file, size, wrap("open the list", err)
}

func (f *File) bodyPath(encoding Encoding) string { return f.path + "." + string(encoding) }
