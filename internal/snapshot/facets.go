package snapshot

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"

	"voc/internal/feedback"
)

// Facets counts the values that what a filter selects has: each property under all parts of the filter but its own. Values that no record is left with are missing.
func (f *File) Facets(ctx context.Context, filter feedback.Filter) ([]byte, error) {
	sets, err := f.sets(ctx, filter)
	if err == nil && filter.Text != nil {
		sets[text], err = f.search(ctx, matchOf(filter.Text))
	}
	if err != nil {
		return nil, wrap("count", err)
	}
	facets := feedback.Facets{Total: f.records, Choices: map[string][]feedback.Choice{}}
	if all := intersect(sets, ""); all != nil {
		facets.Total = int(all.GetCardinality()) // #nosec G115 -- at most records
	}
	if err := f.count(ctx, sets, facets.Choices); err != nil {
		return nil, wrap("count", err)
	}
	return append(facets.JSON(), '\n'), nil
}

// text is under what the set of a search is kept: no property has that name.
const text = "q"

func (f *File) count(ctx context.Context, sets map[string]*roaring.Bitmap, choices map[string][]feedback.Choice) error {
	rows, err := f.db.QueryContext(ctx, `SELECT property, value, records, positions FROM facet ORDER BY property, key`)
	if err != nil {
		return err
	}
	defer rows.Close()
	others := map[string]*roaring.Bitmap{}
	for rows.Next() {
		var property string
		var choice feedback.Choice
		var packed sql.RawBytes
		if err := rows.Scan(&property, &choice.Value, &choice.Count, &packed); err != nil {
			return err
		}
		if _, known := others[property]; !known {
			others[property] = intersect(sets, property)
		}
		if others[property] != nil {
			set := roaring.New()
			if _, err := set.FromBuffer(packed); err != nil { // it lies in the row's own bytes, and is gone with them
				return fmt.Errorf("%s %q: %w", property, choice.Value, err)
			}
			choice.Count = int(set.AndCardinality(others[property])) // #nosec G115 -- at most records
		}
		if choice.Count > 0 {
			choices[property] = append(choices[property], choice)
		}
	}
	return rows.Err()
}
