package build

import (
	"context"
	"maps"
	"slices"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// weekly counts the records of each value by week: property → folded value.
type weekly map[string]map[string]*feedback.Weekly

// add counts the record that is served next.
func (w weekly) add(f feedback.Feedback) {
	for _, property := range feedback.TrendProperties {
		for _, value := range f.Values(property) {
			w.value(property, feedback.Fold(value)).Add(f.Created)
		}
	}
	w.value(feedback.Week, "").Add(f.Created) // all records
}

func (w weekly) value(property, key string) *feedback.Weekly {
	if w[property] == nil {
		w[property] = map[string]*feedback.Weekly{}
	}
	if w[property][key] == nil {
		w[property][key] = &feedback.Weekly{}
	}
	return w[property][key]
}

// writeWeekly stores the counts.
func (d *Draft) writeWeekly(ctx context.Context, w weekly) error {
	insert, err := d.conn.PrepareContext(ctx, `INSERT INTO weekly VALUES (?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, property := range slices.Sorted(maps.Keys(w)) {
		for _, key := range slices.Sorted(maps.Keys(w[property])) {
			value := w[property][key]
			seen := value.FirstSeen.UTC().Format(feedback.TimeFormat)
			packed := snapshot.PackWeeks(value.Weeks)
			if _, err := insert.ExecContext(ctx, property, key, seen, packed); err != nil {
				return err
			}
		}
	}
	return nil
}
