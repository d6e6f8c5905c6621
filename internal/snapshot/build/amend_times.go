package build

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"voc/internal/feedback"
)

// amendTimes adds up anew the response times of environments and weeks in which they change.
func (d *Draft) amendTimes(ctx context.Context, c *change) error {
	totals := map[timesKey]feedback.Times{}
	for _, at := range c.records {
		if at.was != nil && at.is != nil && at.was.times == at.is.times && at.was.hours == at.is.hours {
			continue
		}
		for _, o := range []*outline{at.was, at.is} {
			if o != nil {
				totals[o.times] = feedback.Times{}
			}
		}
	}
	if err := d.addTimes(ctx, totals); err != nil {
		return err
	}
	return d.writeTimes(ctx, totals)
}

// addTimes adds up the totals of some environments and weeks from their records. Its order is that
// of a full seal, newest first, because the order of addition changes a float's sum; so a record
// that went cannot be subtracted either.
func (d *Draft) addTimes(ctx context.Context, totals map[timesKey]feedback.Times) error {
	if len(totals) == 0 {
		return nil
	}
	sets := map[string]*roaring.Bitmap{}
	weeks := map[string]bool{}
	for key := range totals {
		weeks[key.week] = true
		if sets[key.environment] != nil {
			continue
		}
		set, err := d.readSet(ctx, valueKey{feedback.Environment, key.environment})
		if err != nil {
			return err
		}
		sets[key.environment] = set
	}
	list, _ := json.Marshal(slices.Sorted(maps.Keys(weeks))) // texts always encode
	rows, err := d.query(ctx, `SELECT pos, report_week, h1, h2, h3, h4, h5 FROM serve.feedback
		WHERE report_week IN (SELECT value FROM json_each(?)) ORDER BY pos`, string(list))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var pos uint32
		var week string
		var h [len(feedback.Durations)]float64
		if err := rows.Scan(&pos, &week, &h[0], &h[1], &h[2], &h[3], &h[4]); err != nil {
			return err
		}
		for environment, set := range sets {
			key := timesKey{environment, week}
			sum, wanted := totals[key]
			if !wanted || !set.Contains(pos) {
				continue
			}
			times := timesOf(h)
			times.Add(sum)
			totals[key] = times
		}
	}
	return rows.Err()
}
