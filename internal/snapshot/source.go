package snapshot

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	"voc/internal/feedback"
)

// Source is a record as Airtable sent it: enough to map it again.
type Source struct {
	ID          string
	CreatedTime time.Time
	Fields      []byte // JSON object, by field name
	Digest      []byte // SHA-256 of the cells that people fill in
	Computed    []byte // SHA-256 of the computed cells
}

// Filled reports whether the record has a value in a field, by name.
func (s Source) Filled(field string) bool {
	var cells map[string]json.RawMessage
	return json.Unmarshal(s.Fields, &cells) == nil && feedback.Filled(cells[field])
}

// Originals is the open source part of a snapshot.
type Originals struct{ part }

// OpenOriginals opens a source part, which must not change while it is open. Errors:
// ErrNotSnapshot, ErrFormat, *fs.PathError.
func OpenOriginals(path string) (*Originals, error) {
	p, err := openPart(path, Sources)
	if err != nil {
		return nil, err
	}
	return &Originals{p}, nil
}

// Path returns the path that the file was opened by.
func (o *Originals) Path() string { return o.path }

// Meta returns the whole description of the snapshot.
func (o *Originals) Meta() Meta { return o.meta }

// Format returns the format of the file.
func (o *Originals) Format() int { return o.format }

// Close closes the file.
func (o *Originals) Close() error { return o.close() }

// All yields every record as Airtable sent it, newest first.
func (o *Originals) All(ctx context.Context) iter.Seq2[Source, error] {
	return func(yield func(Source, error) bool) {
		const query = `SELECT id, created_time, fields, digest, computed FROM record`
		rows, err := o.db.QueryContext(ctx, query)
		if err != nil {
			yield(Source{}, Wrap("read the records", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var source Source
			var created string
			err := rows.Scan(&source.ID, &created, &source.Fields, &source.Digest, &source.Computed)
			if err == nil {
				source.CreatedTime, err = time.Parse(feedback.TimeFormat, created)
			}
			if !yield(source, Wrap("read the records", err)) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Source{}, Wrap("read the records", err))
		}
	}
}

// Check reads the whole file and reports whether SQLite finds it consistent. Error:
// ErrNotSnapshot.
func (o *Originals) Check(ctx context.Context) error { return o.check(ctx) }
