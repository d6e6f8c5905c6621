package snapshot

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"voc/internal/feedback"
)

// Trends returns the report on the last n whole weeks by a property. Cost: that of facets
// without a filter; for a snapshot without the table weekly, that of a set intersection
// for each value and week.
func (f *File) Trends(ctx context.Context, by string, n int) ([]byte, error) {
	weekly, err := f.weekly(ctx, by)
	if err != nil {
		return nil, wrap("read trends", err)
	}
	last := feedback.LastWeek(weekly[feedback.Week][0], f.meta.CreatedAt, n)
	return append(feedback.Trends(weekly[by], last, n), '\n'), nil
}

// Movers returns the report on what rose in a week; nil is the last one of the report on
// trends. Its cost is that of three reports on trends.
func (f *File) Movers(ctx context.Context, week *feedback.WeekNumber) ([]byte, error) {
	weekly, err := f.weekly(ctx, feedback.MoverProperties[:]...)
	if err != nil {
		return nil, wrap("read movers", err)
	}
	all := weekly[feedback.Week][0]
	if week == nil {
		last := feedback.LastWeek(all, f.meta.CreatedAt, feedback.DefaultTrendWeeks)
		week = &last
	}
	return append(feedback.Movers(weekly, all, *week), '\n'), nil
}

// weekly returns the counts of each value of some properties, and those of all records as
// the only value of feedback.Week.
func (f *File) weekly(
	ctx context.Context, properties ...string,
) (weekly map[string][]feedback.Weekly, err error) {
	if !f.hasWeekly {
		return f.countWeekly(ctx, properties)
	}
	weekly = map[string][]feedback.Weekly{}
	for _, property := range append(properties, feedback.Week) {
		if weekly[property], err = f.readWeekly(ctx, property); err != nil {
			return nil, err
		}
	}
	if len(weekly[feedback.Week]) == 0 { // no records
		weekly[feedback.Week] = []feedback.Weekly{{}}
	}
	return weekly, nil
}

func (f *File) readWeekly(ctx context.Context, property string) ([]feedback.Weekly, error) {
	const query = `SELECT coalesce(facet.value, ''), first_seen, weeks
		FROM weekly LEFT JOIN facet USING (property, key) WHERE property = ?`
	rows, err := f.db.QueryContext(ctx, query, property)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var values []feedback.Weekly
	for rows.Next() {
		var value feedback.Weekly
		var seen string
		var packed sql.RawBytes
		if err := rows.Scan(&value.Value, &seen, &packed); err != nil {
			return nil, err
		}
		if value.FirstSeen, err = time.Parse(feedback.TimeFormat, seen); err != nil {
			return nil, err
		}
		value.Weeks = unpackWeeks(packed)
		values = append(values, value)
	}
	return values, rows.Err()
}

// weekBytes is the length of a week in weekly.weeks: its number and that of its records,
// four bytes each, little-endian.
const weekBytes = 8

// PackWeeks returns weekly.weeks.
func PackWeeks(weeks []feedback.WeekCount) []byte {
	packed := make([]byte, 0, weekBytes*len(weeks))
	for _, c := range weeks {
		packed = binary.LittleEndian.AppendUint32(packed, uint32(c.Week))    // #nosec G115 -- and back
		packed = binary.LittleEndian.AppendUint32(packed, uint32(c.Records)) // #nosec G115 -- a count
	}
	return packed
}

func unpackWeeks(packed []byte) []feedback.WeekCount {
	weeks := make([]feedback.WeekCount, len(packed)/weekBytes)
	for i := range weeks {
		pair := packed[i*weekBytes:]
		week := int32(binary.LittleEndian.Uint32(pair)) // #nosec G115 -- as it was packed
		records := binary.LittleEndian.Uint32(pair[4:])
		weeks[i] = feedback.WeekCount{Week: feedback.WeekNumber(week), Records: int(records)}
	}
	return weeks
}

// countWeekly is weekly for a snapshot that was made before the table.
func (f *File) countWeekly(
	ctx context.Context, properties []string,
) (map[string][]feedback.Weekly, error) {
	var all feedback.Weekly
	weeks, err := f.valueSets(ctx, feedback.Week)
	if err != nil {
		return nil, err
	}
	for _, set := range weeks {
		week, _ := feedback.ParseWeek(set.value) // it is one
		all.Weeks = append(all.Weeks, feedback.WeekCount{Week: week, Records: set.and(set.Bitmap)})
	}
	weekly := map[string][]feedback.Weekly{feedback.Week: {all}}
	for _, property := range properties {
		sets, err := f.valueSets(ctx, property)
		if err != nil {
			return nil, err
		}
		for _, set := range sets {
			value := feedback.Weekly{Value: set.value}
			for i, c := range all.Weeks {
				if c.Records = set.and(weeks[i].Bitmap); c.Records > 0 {
					value.Weeks = append(value.Weeks, c)
				}
			}
			const query = `SELECT created FROM feedback WHERE pos = ?` // the last one is the oldest
			var created string
			err := f.db.QueryRowContext(ctx, query, set.Maximum()).Scan(&created)
			if err == nil {
				value.FirstSeen, err = time.Parse(feedback.TimeFormat, created)
			}
			if err != nil {
				return nil, err
			}
			weekly[property] = append(weekly[property], value)
		}
	}
	return weekly, nil
}

// valueSet is the set of the records that have a value.
type valueSet struct {
	value string
	*roaring.Bitmap
}

// and returns how many records are in another set, too.
func (s valueSet) and(other *roaring.Bitmap) int {
	return int(s.AndCardinality(other)) // #nosec G115 -- at most records
}

// valueSets returns the sets of a property.
func (f *File) valueSets(ctx context.Context, property string) ([]valueSet, error) {
	const query = `SELECT value, positions FROM facet WHERE property = ?`
	rows, err := f.db.QueryContext(ctx, query, property)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var sets []valueSet
	for rows.Next() {
		set := valueSet{Bitmap: roaring.New()}
		var packed []byte
		if err := rows.Scan(&set.value, &packed); err != nil {
			return nil, err
		}
		if _, err := set.FromBuffer(packed); err != nil {
			return nil, fmt.Errorf("%s %q: %w", property, set.value, err)
		}
		sets = append(sets, set)
	}
	return sets, rows.Err()
}
