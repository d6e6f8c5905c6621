package build

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// index is what Seal works out of the rows in Go, in one walk over them: the sets behind filters and facets, the orders, the reports. It holds about 70 bytes a record
// and what differs in their values.
type index struct {
	records int
	facets  map[string]map[string]*facet // property → folded value
	columns map[string]*column           // by key of the orders
	times   map[place]feedback.Times
	timed   map[string]bool // environments that have response times, as they are spelled
	pulse   *feedback.Pulse
}

// place is a row of response_times.
type place struct{ environment, week string }

// facet is a value of a property while its records are collected.
type facet struct {
	spellings map[string]int
	positions *roaring.Bitmap
}

// column holds what records are sorted by under one key: the record at pos has numbers[pos-1], NaN for null. Of texts that is the index into distinct until they are
// ranked.
type column struct {
	numbers  []float64
	distinct []string
	indexes  map[string]int
}

// buildIndex reads the rows of feedback, and writes what they come to.
func (d *Draft) buildIndex(ctx context.Context, meta snapshot.Meta, encoders *encoders) error {
	x := index{
		facets: map[string]map[string]*facet{}, columns: map[string]*column{}, times: map[place]feedback.Times{}, timed: map[string]bool{},
		pulse: feedback.NewPulse(meta.CreatedAt),
	}
	for _, key := range feedback.SortKeys {
		x.columns[key] = &column{indexes: map[string]int{}}
	}
	if err := x.read(ctx, d.conn); err != nil {
		return err
	}
	return errors.Join(x.storeFacets(ctx, d), x.storeRankings(ctx, d), x.storeTimes(ctx, d), x.storeReports(ctx, d, encoders))
}

func (x *index) read(ctx context.Context, conn *sql.Conn) error {
	rows, err := conn.QueryContext(ctx, `SELECT summary, detail, report_week, h1, h2, h3, h4, h5 FROM record ORDER BY pos`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var summary, detail sql.RawBytes
		var week string
		var h [len(feedback.Durations)]float64
		if err := rows.Scan(&summary, &detail, &week, &h[0], &h[1], &h[2], &h[3], &h[4]); err != nil {
			return err
		}
		f, err := feedback.Outline(summary, detail)
		if err == nil && x.pulse.Shows(f) {
			f.Description, err = feedback.DescriptionIn(summary)
		}
		if err != nil {
			return err
		}
		f.ReportWeek, f.Hours = week, h
		x.add(f)
	}
	return rows.Err()
}

// add takes the record that is served next.
func (x *index) add(f feedback.Feedback) {
	x.records++
	for _, property := range feedback.Properties {
		for _, value := range f.Values(property) {
			x.addValue(property, feedback.Fold(value), value)
		}
	}
	x.addValue(feedback.Week, f.Week, f.Week)
	for _, key := range feedback.SortKeys {
		x.columns[key].add(key, f)
	}
	at := place{feedback.Fold(f.Environment), f.ReportWeek}
	times := feedback.Times{Records: 1, Sums: f.Hours}
	for i, hours := range f.Hours {
		if hours > 0 {
			times.Counts[i] = 1
		}
	}
	if times.Any() {
		x.timed[f.Environment] = true
	}
	times.Add(x.times[at])
	x.times[at] = times
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

// add appends what f is sorted by.
func (c *column) add(key string, f feedback.Feedback) {
	switch key {
	case feedback.Created:
		c.numbers = append(c.numbers, float64(f.Created.UnixMilli())) // exact: no year of four digits needs more than 53 bits
	case feedback.Modified:
		c.numbers = append(c.numbers, float64(f.Modified.UnixMilli()))
	case feedback.IssueNumber:
		issue := math.NaN()
		if f.IssueNumber != nil {
			issue = *f.IssueNumber
		}
		c.numbers = append(c.numbers, issue)
	case feedback.AreaImpacted:
		c.addText(feedback.Collate(key, f.AreaImpacted))
	default:
		c.addText(feedback.Collate(key, f.Values(key)[0]))
	}
}

func (c *column) addText(text string) {
	i, known := c.indexes[text]
	if !known {
		i = len(c.distinct)
		c.indexes[text] = i
		c.distinct = append(c.distinct, text)
	}
	c.numbers = append(c.numbers, float64(i))
}

// rank puts, for texts, their ranks into the place of their indexes.
func (c *column) rank() {
	if len(c.distinct) == 0 {
		return
	}
	slices.Sort(c.distinct)
	ranks := make([]float64, len(c.distinct))
	for rank, text := range c.distinct {
		ranks[c.indexes[text]] = float64(rank)
	}
	for i, index := range c.numbers {
		c.numbers[i] = ranks[int(index)]
	}
	c.distinct, c.indexes = nil, nil
}

// sort orders positions: nulls last, ties as they are.
func (c *column) sort(positions []uint32, descending bool) {
	slices.SortFunc(positions, func(a, b uint32) int {
		x, y := c.numbers[a-1], c.numbers[b-1]
		switch {
		case math.IsNaN(x) || math.IsNaN(y):
			return cmp.Or(-cmp.Compare(x, y), cmp.Compare(a, b)) // cmp has NaN first
		case descending:
			x, y = y, x
		}
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
	})
}

func (x *index) storeFacets(ctx context.Context, d *Draft) error {
	for _, property := range slices.Sorted(maps.Keys(x.facets)) {
		for _, key := range slices.Sorted(maps.Keys(x.facets[property])) {
			entry := x.facets[property][key]
			entry.positions.RunOptimize()
			set, err := entry.positions.ToBytes()
			if err != nil {
				return err
			}
			if err := d.exec(ctx, statement{`INSERT INTO facet VALUES (?, ?, ?, ?, ?)`,
				[]any{property, key, entry.value(), entry.positions.GetCardinality(), set}}); err != nil {
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

func (x *index) storeRankings(ctx context.Context, d *Draft) error {
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
			if err := d.exec(ctx, statement{`INSERT INTO ranking VALUES (?, ?, ?)`, []any{string(sort), part, packed}}); err != nil {
				return err
			}
			part++
		}
	}
	return nil
}

// sortedTimes walks response times by environment and week, so that sums come out the same each time.
func (x *index) sortedTimes() iter.Seq2[place, feedback.Times] {
	places := slices.SortedFunc(maps.Keys(x.times), func(a, b place) int {
		return cmp.Or(strings.Compare(a.environment, b.environment), strings.Compare(a.week, b.week))
	})
	return func(yield func(place, feedback.Times) bool) {
		for _, at := range places {
			if !yield(at, x.times[at]) {
				return
			}
		}
	}
}

func (x *index) storeTimes(ctx context.Context, d *Draft) error {
	for at, t := range x.sortedTimes() {
		args := []any{at.environment, at.week, t.Records}
		for i := range feedback.Durations {
			args = append(args, t.Sums[i], t.Counts[i])
		}
		if err := d.exec(ctx, statement{`INSERT INTO response_times VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`, args}); err != nil {
			return err
		}
	}
	return nil
}
