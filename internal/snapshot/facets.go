package snapshot

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"

	"voc/internal/feedback"
)

// Facets returns the report on the values of the selected records: each property is
// counted under all parts of the filter apart from its own. Values without a record are
// left out.
func (f *File) Facets(ctx context.Context, filter feedback.Filter) ([]byte, error) {
	if err := f.Need(ctx, Serve); err != nil {
		return nil, err
	}
	sets, _, err := f.sets(ctx, filter)
	if err == nil && filter.Text != nil {
		sets[textKey], err = f.search(ctx, matchOf(filter.Text))
	}
	if err != nil {
		return nil, Wrap("count", err)
	}
	facets := feedback.Facets{Total: f.records, Choices: map[string][]feedback.Choice{}}
	if all := intersect(sets, ""); all != nil {
		facets.Total = int(all.GetCardinality()) // #nosec G115 -- at most records
	}
	if err := f.count(ctx, sets, facets.Choices); err != nil {
		return nil, Wrap("count", err)
	}
	return append(facets.JSON(), '\n'), nil
}

// textKey is the key of the set of a search in sets; no property has that name.
const textKey = "q"

func (f *File) count(
	ctx context.Context, sets map[string]*roaring.Bitmap, choices map[string][]feedback.Choice,
) error {
	const query = `SELECT property, value, records, positions FROM facet ORDER BY property, key`
	rows, err := f.serve.db.QueryContext(ctx, query)
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
			// The set shares the bytes of the row, and is used no longer than they are valid.
			if _, err := set.FromBuffer(packed); err != nil {
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
