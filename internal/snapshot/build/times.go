package build

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"voc/internal/feedback"
)

// timesKey is the key of response_times. The environment is folded.
type timesKey struct{ environment, week string }

func timesKeyOf(f feedback.Feedback) timesKey {
	return timesKey{feedback.Fold(f.Environment), f.ReportWeek}
}

// timesOf returns the totals of one record.
func timesOf(hours [len(feedback.Durations)]float64) feedback.Times {
	times := feedback.Times{Records: 1, Sums: hours}
	for i, hours := range hours {
		if hours > 0 {
			times.Counts[i] = 1
		}
	}
	return times
}

// writeTimes stores the totals of some environments and weeks.
func (d *Draft) writeTimes(ctx context.Context, totals map[timesKey]feedback.Times) error {
	const (
		remove = `DELETE FROM serve.response_times WHERE environment = ? AND week = ?`
		store  = `INSERT OR REPLACE INTO serve.response_times
			VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`
	)
	for _, key := range slices.SortedFunc(maps.Keys(totals), func(a, b timesKey) int {
		return cmp.Or(strings.Compare(a.environment, b.environment), strings.Compare(a.week, b.week))
	}) {
		t := totals[key]
		if t.Records == 0 {
			if err := d.execPrepared(ctx, remove, key.environment, key.week); err != nil {
				return err
			}
			continue
		}
		args := []any{key.environment, key.week, t.Records}
		for i := range feedback.Durations {
			args = append(args, t.Sums[i], t.Counts[i])
		}
		if err := d.execPrepared(ctx, store, args...); err != nil {
			return err
		}
	}
	return nil
}
