package snapshot

import (
	"context"
	"database/sql"
	"encoding/binary"
	"time"

	"voc/internal/feedback"
)

// Trends returns the report on the last n whole weeks by a property. Cost: that of facets
// without a filter.
func (f *File) Trends(ctx context.Context, by string, n int) ([]byte, error) {
	weekly, err := f.weekly(ctx, by)
	if err != nil {
		return nil, Wrap("read trends", err)
	}
	last := feedback.LastWeek(weekly[feedback.Week][0], f.serve.meta.CreatedAt, n)
	return append(feedback.Trends(weekly[by], last, n), '\n'), nil
}

// Movers returns the report on what rose in a week; nil is the last one of the report on
// trends. Its cost is that of three reports on trends.
func (f *File) Movers(ctx context.Context, week *feedback.WeekNumber) ([]byte, error) {
	weekly, err := f.weekly(ctx, feedback.MoverProperties[:]...)
	if err != nil {
		return nil, Wrap("read movers", err)
	}
	all := weekly[feedback.Week][0]
	if week == nil {
		last := feedback.LastWeek(all, f.serve.meta.CreatedAt, feedback.DefaultTrendWeeks)
		week = &last
	}
	return append(feedback.Movers(weekly, all, *week), '\n'), nil
}

// weekly returns the counts of each value of some properties, and those of all records as
// the only value of feedback.Week.
func (f *File) weekly(
	ctx context.Context, properties ...string,
) (weekly map[string][]feedback.Weekly, err error) {
	if err := f.Need(ctx, Serve); err != nil {
		return nil, err
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
	rows, err := f.serve.db.QueryContext(ctx, query, property)
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
		value.Weeks = UnpackWeeks(packed)
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

// UnpackWeeks is the inverse of PackWeeks.
func UnpackWeeks(packed []byte) []feedback.WeekCount {
	weeks := make([]feedback.WeekCount, len(packed)/weekBytes)
	for i := range weeks {
		pair := packed[i*weekBytes:]
		week := int32(binary.LittleEndian.Uint32(pair)) // #nosec G115 -- as it was packed
		records := binary.LittleEndian.Uint32(pair[4:])
		weeks[i] = feedback.WeekCount{Week: feedback.WeekNumber(week), Records: int(records)}
	}
	return weeks
}
