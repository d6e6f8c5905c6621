package build

import (
	"cmp"
	"context"
	"encoding/binary"
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
	timed   map[string]bool // folded environments that have response times
	pulse   *feedback.Pulse
	weekly  weekly
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
		weekly:  weekly{},
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
	x.weekly.add(f)
	for _, key := range feedback.SortKeys {
		x.columns[key].add(key, f)
	}
	times := feedback.Times{Records: 1, Sums: f.Hours}
	for i, hours := range f.Hours {
		if hours > 0 {
			times.Counts[i] = 1
		}
	}
	key := timesKey{feedback.Fold(f.Environment), f.ReportWeek}
	if times.Any() {
		x.timed[key.environment] = true
	}
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

// writeIndex stores what the rows came to, and the reports on it in all encodings.
func (d *Draft) writeIndex(ctx context.Context, x *index, bodies *bodies) error {
	facets, err := d.writeFacets(ctx, x)
	if err != nil {
		return err
	}
	if err := d.writeRankings(ctx, x); err != nil {
		return err
	}
	if err := d.writeWeekly(ctx, x.weekly); err != nil {
		return err
	}
	weeks, err := d.writeTimes(ctx, x)
	if err != nil {
		return err
	}
	var places []string
	for _, choice := range facets.Choices[feedback.Environment] {
		if x.timed[feedback.Fold(choice.Value)] {
			places = append(places, choice.Value)
		}
	}
	for _, report := range []struct {
		name snapshot.Name
		json []byte
	}{
		{snapshot.FacetsReport, facets.JSON()},
		{snapshot.TimesReport, feedback.ResponseTimes(weeks)},
		{snapshot.PlacesReport, feedback.Environments(places)},
		{snapshot.PulseReport, x.pulse.JSON()},
	} {
		if err := bodies.storeReport(ctx, report.name, report.json); err != nil {
			return err
		}
	}
	return nil
}

// writeFacets stores the set of each value, and returns the values with their counts.
func (d *Draft) writeFacets(ctx context.Context, x *index) (feedback.Facets, error) {
	facets := feedback.Facets{Total: x.records, Choices: map[string][]feedback.Choice{}}
	insert, err := d.conn.PrepareContext(ctx, `INSERT INTO facet VALUES (?, ?, ?, ?, ?)`)
	if err != nil {
		return facets, err
	}
	defer insert.Close()
	for _, property := range slices.Sorted(maps.Keys(x.facets)) {
		for _, key := range slices.Sorted(maps.Keys(x.facets[property])) {
			entry := x.facets[property][key]
			entry.positions.RunOptimize()
			set, err := entry.positions.ToBytes()
			if err != nil {
				return facets, err
			}
			// The most frequent spelling is shown, of several the first.
			spellings := slices.Sorted(maps.Keys(entry.spellings))
			choice := feedback.Choice{
				Value: slices.MaxFunc(spellings, func(a, b string) int {
					return cmp.Compare(entry.spellings[a], entry.spellings[b])
				}),
				Count: int(entry.positions.GetCardinality()), // #nosec G115 -- at most records
			}
			_, err = insert.ExecContext(ctx, property, key, choice.Value, choice.Count, set)
			if err != nil {
				return facets, err
			}
			facets.Choices[property] = append(facets.Choices[property], choice)
		}
	}
	return facets, nil
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

// writeTimes stores the response times by environment and week, and returns them by week.
// It adds them in one order, so that sums are the same each time.
func (d *Draft) writeTimes(ctx context.Context, x *index) (map[string]feedback.Times, error) {
	const query = `INSERT INTO response_times VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`
	insert, err := d.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer insert.Close()
	weeks := map[string]feedback.Times{}
	for _, key := range slices.SortedFunc(maps.Keys(x.times), func(a, b timesKey) int {
		return cmp.Or(strings.Compare(a.environment, b.environment), strings.Compare(a.week, b.week))
	}) {
		t := x.times[key]
		args := []any{key.environment, key.week, t.Records}
		for i := range feedback.Durations {
			args = append(args, t.Sums[i], t.Counts[i])
		}
		if _, err := insert.ExecContext(ctx, args...); err != nil {
			return nil, err
		}
		t.Add(weeks[key.week])
		weeks[key.week] = t
	}
	return weeks, nil
}
