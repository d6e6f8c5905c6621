package build

import (
	"cmp"
	"context"
	"encoding/binary"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// index collects what is derived from the rows in Go: the sets behind filters and facets,
// the orders and the reports. It holds about 70 bytes a record and the distinct values.
type index struct {
	records int
	facets  map[string]map[string]*facet // property → folded value
	columns map[string]*column           // by sort key
	times   map[timesKey]feedback.Times
	timed   map[string]bool // environments that have response times, as they are spelled
	pulse   *feedback.Pulse
}

// timesKey is the key of response_times. The environment is folded.
type timesKey struct{ environment, week string }

// facet is a value of a property while its records are collected.
type facet struct {
	spellings map[string]int
	positions *roaring.Bitmap
}

func newIndex(created time.Time) *index {
	x := &index{
		facets:  map[string]map[string]*facet{},
		columns: map[string]*column{},
		times:   map[timesKey]feedback.Times{},
		timed:   map[string]bool{},
		pulse:   feedback.NewPulse(created),
	}
	for _, key := range feedback.SortKeys {
		x.columns[key] = &column{indexes: map[string]int{}}
	}
	return x
}

// add indexes the record that is served next.
func (x *index) add(row *stagedRow) {
	x.records++
	f := row.feedback
	for _, property := range feedback.Properties {
		for _, value := range f.Values(property) {
			x.addValue(property, feedback.Fold(value), value)
		}
	}
	x.addValue(feedback.Week, f.Week, f.Week)
	for _, key := range feedback.SortKeys {
		x.columns[key].add(key, f)
	}
	times := feedback.Times{Records: 1, Sums: f.Hours}
	for i, hours := range f.Hours {
		if hours > 0 {
			times.Counts[i] = 1
		}
	}
	if times.Any() {
		x.timed[f.Environment] = true
	}
	key := timesKey{feedback.Fold(f.Environment), f.ReportWeek}
	times.Add(x.times[key])
	x.times[key] = times
	if x.pulse.Shows(f) {
		f.Description = string(row.description)
	}
	x.pulse.Add(f)
}

func (x *index) addValue(property, key, value string) {
	if x.facets[property] == nil {
		x.facets[property] = map[string]*facet{}
	}
	entry := x.facets[property][key]
	if entry == nil {
		entry = &facet{spellings: map[string]int{}, positions: roaring.New()}
		x.facets[property][key] = entry
	}
	entry.positions.AddInt(x.records)
	entry.spellings[value]++
}

// writeIndex stores what the rows came to.
func (d *Draft) writeIndex(ctx context.Context, x *index, bodies *bodies) error {
	if err := d.writeFacets(ctx, x); err != nil {
		return err
	}
	if err := d.writeRankings(ctx, x); err != nil {
		return err
	}
	if err := d.writeTimes(ctx, x); err != nil {
		return err
	}
	for _, report := range x.reports() {
		if err := bodies.storeReport(ctx, report.name, report.json); err != nil {
			return err
		}
	}
	return nil
}

func (d *Draft) writeFacets(ctx context.Context, x *index) error {
	insert, err := d.conn.PrepareContext(ctx, `INSERT INTO facet VALUES (?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, property := range slices.Sorted(maps.Keys(x.facets)) {
		for _, key := range slices.Sorted(maps.Keys(x.facets[property])) {
			entry := x.facets[property][key]
			entry.positions.RunOptimize()
			set, err := entry.positions.ToBytes()
			if err != nil {
				return err
			}
			_, err = insert.ExecContext(ctx, property, key, entry.value(), entry.count(), set)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// value is the spelling that is shown: the most frequent one, of several the first.
func (f *facet) value() string {
	return slices.MinFunc(slices.Collect(maps.Keys(f.spellings)), func(a, b string) int {
		return cmp.Or(cmp.Compare(f.spellings[b], f.spellings[a]), strings.Compare(a, b))
	})
}

func (f *facet) count() int {
	return int(f.positions.GetCardinality()) // #nosec G115 -- at most records
}

func (d *Draft) writeRankings(ctx context.Context, x *index) error {
	//nolint:sqlclosecheck // it does not see the defer because of the iterator below
	insert, err := d.conn.PrepareContext(ctx, `INSERT INTO ranking VALUES (?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, column := range x.columns {
		column.rank()
	}
	positions := make([]uint32, x.records)
	for _, sort := range feedback.Sorts {
		if sort == feedback.Newest {
			continue
		}
		for i := range positions {
			positions[i] = uint32(i) + 1 // #nosec G115 -- a table of Airtable has 500,000 records
		}
		key, descending := sort.Key()
		x.columns[key].sort(positions, descending)
		part := 0
		for some := range slices.Chunk(positions, snapshot.RankingPart) {
			packed, _ := binary.Append(nil, binary.LittleEndian, some) // numbers of a fixed size
			if _, err := insert.ExecContext(ctx, string(sort), part, packed); err != nil {
				return err
			}
			part++
		}
	}
	return nil
}

func (d *Draft) writeTimes(ctx context.Context, x *index) error {
	const query = `INSERT INTO response_times VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`
	//nolint:sqlclosecheck // it does not see the defer because of the iterator below
	insert, err := d.conn.PrepareContext(ctx, query)
	if err != nil {
		return err
	}
	defer insert.Close()
	for key, t := range x.sortedTimes() {
		args := []any{key.environment, key.week, t.Records}
		for i := range feedback.Durations {
			args = append(args, t.Sums[i], t.Counts[i])
		}
		if _, err := insert.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// sortedTimes yields response times by environment and week, so that sums are the same
// each time.
func (x *index) sortedTimes() iter.Seq2[timesKey, feedback.Times] {
	keys := slices.SortedFunc(maps.Keys(x.times), func(a, b timesKey) int {
		return cmp.Or(strings.Compare(a.environment, b.environment), strings.Compare(a.week, b.week))
	})
	return func(yield func(timesKey, feedback.Times) bool) {
		for _, key := range keys {
			if !yield(key, x.times[key]) {
				return
			}
		}
	}
}

// report is a response that depends on nothing but the snapshot.
type report struct {
	name snapshot.Name
	json []byte
}

// reports are those that a snapshot holds encoded.
func (x *index) reports() []report {
	facets := feedback.Facets{Total: x.records, Choices: map[string][]feedback.Choice{}}
	for property, values := range x.facets {
		for _, entry := range values {
			choice := feedback.Choice{Value: entry.value(), Count: entry.count()}
			facets.Choices[property] = append(facets.Choices[property], choice)
		}
	}
	weeks := map[string]feedback.Times{}
	for key, times := range x.sortedTimes() {
		times.Add(weeks[key.week])
		weeks[key.week] = times
	}
	environments := slices.Collect(maps.Keys(x.timed))
	return []report{
		{snapshot.FacetsReport, facets.JSON()},
		{snapshot.TimesReport, feedback.ResponseTimes(weeks)},
		{snapshot.PlacesReport, feedback.Environments(environments)},
		{snapshot.PulseReport, x.pulse.JSON()},
	}
}
