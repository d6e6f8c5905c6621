package snapshot

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"io"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"voc/internal/feedback"
)

// where turns a filter into SQL. Values travel as arguments only.
func where(filter feedback.Filter) (condition string, args []any) {
	var all []string
	for _, column := range []struct {
		name   string
		values []string
	}{{"team", filter.Team}, {"priority", filter.Priority}, {"environment", filter.Environment}} {
		if len(column.values) == 0 {
			continue
		}
		for _, value := range column.values {
			args = append(args, feedback.Fold(value))
		}
		all = append(all, column.name+` IN (?`+strings.Repeat(`,?`, len(column.values)-1)+`)`)
	}
	if len(all) == 0 {
		return "", nil
	}
	return ` WHERE ` + strings.Join(all, ` AND `), args
}

// Count is how many records match.
func (f *File) Count(ctx context.Context, filter feedback.Filter) (int, error) {
	condition, args := where(filter)
	if condition == "" {
		return f.records, nil
	}
	var n int
	err := f.db.QueryRowContext(ctx, `SELECT count(*) FROM feedback`+condition, args...).Scan(&n)
	return n, wrap("count", err)
}

// Summaries yields the JSON of the records that match, newest first, at most limit of them (0: all). A slice is valid until the next one.
func (f *File) Summaries(ctx context.Context, filter feedback.Filter, limit int) iter.Seq2[[]byte, error] {
	condition, args := where(filter)
	query := `SELECT summary FROM feedback` + condition + ` ORDER BY pos`
	if limit > 0 {
		query, args = query+` LIMIT ?`, append(args, limit)
	}
	return func(yield func([]byte, error) bool) {
		rows, err := f.db.QueryContext(ctx, query, args...)
		if err != nil {
			yield(nil, wrap("list", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var summary sql.RawBytes
			if err := rows.Scan(&summary); err != nil {
				yield(nil, wrap("list", err))
				return
			}
			if !yield(summary, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, wrap("list", err))
		}
	}
}

// Detail is the JSON of one record with all its keys. Error: ErrNoRecord.
func (f *File) Detail(ctx context.Context, id string) ([]byte, error) {
	var summary, detail, fields []byte
	err := f.detail.QueryRowContext(ctx, id).Scan(&summary, &detail, &fields)
	if err != nil {
		return nil, none("read record "+id, err)
	}
	if len(summary) < len(`{}`) || len(detail) < len(`{}`) {
		return nil, wrap("read record "+id, errors.New("it is damaged"))
	}
	return feedback.Join(summary, detail, fields), nil
}

// Sources yields every record as Airtable sent it, newest first.
func (f *File) Sources(ctx context.Context) iter.Seq2[Source, error] {
	return func(yield func(Source, error) bool) {
		rows, err := f.db.QueryContext(ctx, `SELECT id, created_time, fields, digest, computed FROM feedback ORDER BY pos`)
		if err != nil {
			yield(Source{}, wrap("read the records", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			source, err := scanSource(rows)
			if !yield(source, wrap("read the records", err)) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Source{}, wrap("read the records", err))
		}
	}
}

func scanSource(rows *sql.Rows) (s Source, err error) {
	var created string
	if err = rows.Scan(&s.ID, &created, &s.Fields, &s.Digest, &s.Computed); err != nil {
		return s, err
	}
	s.CreatedTime, err = time.Parse(feedback.TimeFormat, created)
	return s, err
}

// unpack writes the whole list to path.
func (f *File) unpack(ctx context.Context, encoding Encoding, path string) (int64, error) {
	stored := encoding
	if encoding == Identity {
		stored = Gzip
	}
	if f.sizes[stored] == 0 {
		return 0, errors.New("the snapshot does not hold it")
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var from io.Reader = &parts{ctx: ctx, file: f, encoding: stored}
	if encoding == Identity {
		if from, err = gzip.NewReader(bufio.NewReader(from)); err != nil {
			return 0, err
		}
	}
	size, err := io.Copy(file, from)
	return size, errors.Join(err, file.Close())
}

// parts reads a stored body a part at a time.
type parts struct {
	ctx      context.Context
	file     *File
	encoding Encoding
	next     int
	rest     []byte
}

func (p *parts) Read(into []byte) (int, error) {
	if len(p.rest) == 0 {
		err := p.file.db.QueryRowContext(p.ctx, `SELECT bytes FROM body WHERE encoding = ? AND part = ?`, p.encoding, p.next).Scan(&p.rest)
		if errors.Is(err, sql.ErrNoRows) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, err
		}
		p.next++
	}
	n := copy(into, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}
