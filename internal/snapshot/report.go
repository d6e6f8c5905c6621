package snapshot

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"

	"voc/internal/feedback"
)

// Report returns a stored report in the smallest of the accepted encodings, and that
// encoding. It is read once and shared: the caller must not change it.
func (f *File) Report(
	ctx context.Context, name Name, accepted []Encoding,
) ([]byte, Encoding, error) {
	if err := f.Need(ctx, Serve); err != nil {
		return nil, "", err
	}
	best := bodyKey{name, Identity}
	for _, encoding := range accepted {
		key := bodyKey{name, encoding}
		if f.sizes[key] > 0 && f.sizes[key] < f.sizes[best] {
			best = key
		}
	}
	if body, ok := f.reports.Load(best); ok {
		return body.([]byte), best.encoding, nil
	}
	body, err := io.ReadAll(&bodyReader{ctx: ctx, db: f.serve.db, bodyKey: best})
	if err == nil && len(body) == 0 {
		err = errIncomplete
	}
	if err != nil {
		return nil, "", Wrap("read the report "+string(name), err)
	}
	f.reports.Store(best, body)
	return body, best.encoding, nil
}

// ResponseTimes returns the report over some environments; case does not count in their
// names.
func (f *File) ResponseTimes(ctx context.Context, environments []string) ([]byte, error) {
	if err := f.Need(ctx, Serve); err != nil {
		return nil, err
	}
	weeks := map[string]feedback.Times{}
	for _, name := range folded(environments) {
		if err := f.addTimes(ctx, name, weeks); err != nil {
			return nil, Wrap("read response times", err)
		}
	}
	return append(feedback.ResponseTimes(weeks), '\n'), nil
}

// ResponseCounts returns how many records stand behind each average over some
// environments; nil: over all.
func (f *File) ResponseCounts(ctx context.Context, environments []string) ([]byte, error) {
	if err := f.Need(ctx, Serve); err != nil {
		return nil, err
	}
	keys := folded(environments)
	if environments == nil {
		const query = `SELECT json_group_array(DISTINCT environment) FROM response_times`
		var list []byte
		err := f.serve.db.QueryRowContext(ctx, query).Scan(&list)
		if err == nil {
			err = json.Unmarshal(list, &keys)
		}
		if err != nil {
			return nil, Wrap("read response counts", err)
		}
	}
	weeks := map[string]feedback.Times{}
	for _, name := range keys {
		if err := f.addTimes(ctx, name, weeks); err != nil {
			return nil, Wrap("read response counts", err)
		}
	}
	return append(feedback.ResponseCounts(weeks), '\n'), nil
}

func (f *File) addTimes(
	ctx context.Context, environment string, weeks map[string]feedback.Times,
) error {
	const query = `SELECT ` + TimesColumns + ` FROM response_times WHERE environment = ?`
	rows, err := f.serve.db.QueryContext(ctx, query, environment)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		_, week, times, err := ScanTimes(rows)
		if err != nil {
			return err
		}
		times.Add(weeks[week])
		weeks[week] = times
	}
	return rows.Err()
}

// TimesColumns are the columns of response_times, as ScanTimes reads them.
const TimesColumns = `environment, week, records,
	sum1, n1, sum2, n2, sum3, n3, sum4, n4, sum5, n5`

// ScanTimes reads a row of response_times; the environment is folded.
func ScanTimes(rows *sql.Rows) (environment, week string, times feedback.Times, err error) {
	s, n := &times.Sums, &times.Counts
	err = rows.Scan(&environment, &week, &times.Records,
		&s[0], &n[0], &s[1], &n[1], &s[2], &n[2], &s[3], &n[3], &s[4], &n[4])
	return environment, week, times, err
}

// bodyReader reads a stored response part by part.
type bodyReader struct {
	bodyKey
	ctx  context.Context
	db   *sql.DB
	next int
	rest []byte
}

func (b *bodyReader) Read(into []byte) (int, error) {
	if len(b.rest) == 0 {
		const query = `SELECT bytes FROM body WHERE name = ? AND encoding = ? AND part = ?`
		err := b.db.QueryRowContext(b.ctx, query, b.name, b.encoding, b.next).Scan(&b.rest)
		if errors.Is(err, sql.ErrNoRows) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, err
		}
		b.next++
	}
	n := copy(into, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}
