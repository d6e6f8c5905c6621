package build

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"sync"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// writeReports stores the reports without a filter, which follow from the tables that they
// summarize, and returns how many records there are. created is when the snapshot was built.
func (d *Draft) writeReports(ctx context.Context, created time.Time) (records int, err error) {
	facets, err := d.readFacets(ctx)
	if err != nil {
		return 0, err
	}
	weeks, timed, err := d.readTimes(ctx)
	if err != nil {
		return 0, err
	}
	var places []string
	for _, choice := range facets.Choices[feedback.Environment] {
		if timed[feedback.Fold(choice.Value)] {
			places = append(places, choice.Value)
		}
	}
	pulse := feedback.Pulse{Made: created, Facets: facets}
	if err := d.readPulse(ctx, &pulse); err != nil {
		return 0, err
	}
	for _, report := range []struct {
		name snapshot.Name
		json []byte
	}{
		{snapshot.FacetsReport, facets.JSON()},
		{snapshot.TimesReport, feedback.ResponseTimes(weeks)},
		{snapshot.PlacesReport, feedback.Environments(places)},
		{snapshot.PulseReport, pulse.JSON()},
	} {
		if err := d.storeReport(ctx, report.name, report.json); err != nil {
			return 0, err
		}
	}
	return facets.Total, nil
}

func (d *Draft) readFacets(ctx context.Context) (feedback.Facets, error) {
	facets := feedback.Facets{Choices: map[string][]feedback.Choice{}}
	err := d.get(ctx, &facets.Total, `SELECT count(*) FROM serve.feedback`)
	if err != nil {
		return facets, err
	}
	rows, err := d.query(ctx, `SELECT property, value, records FROM serve.facet
		ORDER BY property, key`)
	if err != nil {
		return facets, err
	}
	defer rows.Close()
	for rows.Next() {
		var property string
		var choice feedback.Choice
		if err := rows.Scan(&property, &choice.Value, &choice.Count); err != nil {
			return facets, err
		}
		facets.Choices[property] = append(facets.Choices[property], choice)
	}
	return facets, rows.Err()
}

// readTimes returns the response times by week, and the folded environments that have any. It adds
// them in one order, so that sums are the same each time.
func (d *Draft) readTimes(
	ctx context.Context,
) (weeks map[string]feedback.Times, timed map[string]bool, err error) {
	weeks, timed = map[string]feedback.Times{}, map[string]bool{}
	rows, err := d.query(ctx, `SELECT `+snapshot.TimesColumns+`
		FROM serve.response_times ORDER BY environment, week`)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		environment, week, times, err := snapshot.ScanTimes(rows)
		if err != nil {
			return nil, nil, err
		}
		if times.Any() {
			timed[environment] = true
		}
		times.Add(weeks[week])
		weeks[week] = times
	}
	return weeks, timed, rows.Err()
}

// readPulse completes a report that has Made and Facets.
func (d *Draft) readPulse(ctx context.Context, pulse *feedback.Pulse) error {
	made := pulse.Made.UTC().Format(feedback.TimeFormat)
	for _, s := range []struct {
		into *time.Time
		text string
		args []any
	}{
		{&pulse.Newest, `SELECT max(created) FROM serve.feedback WHERE created <= ?`, []any{made}},
		{&pulse.Oldest, `SELECT min(created) FROM serve.feedback`, nil},
	} {
		var at sql.NullString
		err := d.get(ctx, &at, s.text, s.args...)
		if err == nil && at.Valid {
			*s.into, err = time.Parse(feedback.TimeFormat, at.String)
		}
		if err != nil {
			return err
		}
	}
	var err error
	if pulse.Months, err = d.readMonths(ctx); err != nil {
		return err
	}
	high, err := d.readSet(ctx, valueKey{feedback.Priority, feedback.HighPriority})
	if err != nil {
		return err
	}
	for positions := high.Iterator(); positions.HasNext() && len(pulse.High) < feedback.PulseIssues; {
		f, err := d.readIssue(ctx, positions.Next())
		if err != nil {
			return err
		}
		pulse.High = append(pulse.High, f)
	}
	return nil
}

// readMonths counts the records by the month in which they were created.
func (d *Draft) readMonths(ctx context.Context) (map[string]int, error) {
	rows, err := d.query(ctx, `SELECT substr(created, 1, 7), count(*) FROM serve.feedback GROUP BY 1`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	months := map[string]int{}
	for rows.Next() {
		var month string
		var records int
		if err := rows.Scan(&month, &records); err != nil {
			return nil, err
		}
		months[month] = records
	}
	return months, rows.Err()
}

// readIssue reads what the pulse report shows of a record.
func (d *Draft) readIssue(ctx context.Context, pos uint32) (f feedback.Feedback, err error) {
	rows, err := d.query(ctx, `SELECT json ->> 'id', created, CAST(json ->> 'description' AS BLOB),
		CAST(json ->> 'environment' AS BLOB)
		FROM serve.feedback JOIN serve.summary USING (pos) WHERE pos = ?`, pos)
	if err != nil {
		return f, err
	}
	defer rows.Close()
	for rows.Next() {
		var created string
		if err := rows.Scan(&f.ID, &created, &f.Description, &f.Environment); err != nil {
			return f, err
		}
		if f.Created, err = time.Parse(feedback.TimeFormat, created); err != nil {
			return f, err
		}
	}
	return f, rows.Err()
}

// encoder writes one of the encodings that a file has of a report.
type encoder struct {
	encoding snapshot.Encoding
	w        interface {
		io.WriteCloser
		Reset(io.Writer)
	}
}

// encoders keeps encoders for the next draft: to allocate and clear them takes longer than to
// compress a report. The garbage collector empties the pool.
var encoders = sync.Pool{New: func() any {
	zip, _ := gzip.NewWriterLevel(nil, gzip.BestCompression) // the level is valid
	return []encoder{
		{snapshot.Gzip, zip},
		{snapshot.Brotli, brotli.NewWriterV2(nil, 4)},
	}
}}

// storeReport stores a report as it is and in all encodings, unless it is stored already.
func (d *Draft) storeReport(ctx context.Context, name snapshot.Name, report []byte) error {
	const (
		stored = `SELECT count(*) FROM serve.body WHERE name = ? AND encoding = ? AND bytes = ?`
		store  = `INSERT INTO serve.body VALUES (?, ?, 0, ?)
			ON CONFLICT DO UPDATE SET bytes = excluded.bytes`
	)
	report = append(report, '\n')
	args := []any{string(name), string(snapshot.Identity), report}
	var same int
	if err := d.get(ctx, &same, stored, args...); err != nil || same > 0 {
		return err
	}
	if err := d.execPrepared(ctx, store, args...); err != nil {
		return err
	}
	each := encoders.Get().([]encoder)
	defer encoders.Put(each) //nolint:staticcheck // a slice header is small beside what it holds
	for _, e := range each {
		var packed bytes.Buffer
		e.w.Reset(&packed)
		_, _ = e.w.Write(report) // a buffer takes everything
		_ = e.w.Close()
		err := d.execPrepared(ctx, store, string(name), string(e.encoding), packed.Bytes())
		if err != nil {
			return err
		}
	}
	return nil
}
