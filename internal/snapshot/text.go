package snapshot

import (
	"bytes"
	"context"
	"database/sql"
	"strconv"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"voc/internal/feedback"
)

// matchOf writes what is searched for in the language of FTS5. Each term is quoted and made of letters, digits and marks alone, so that nothing in it can be
// syntax; terms beside each other must all occur, and one in which the engine sees no word counts for nothing.
func matchOf(text feedback.Text) string {
	var out strings.Builder
	for _, term := range text {
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(`"` + strings.Join(term.Words, " ") + `"`)
		if term.Prefix {
			out.WriteByte('*')
		}
	}
	return out.String()
}

// search is the set of the records in which a text occurs. The last ones are kept.
func (f *File) search(ctx context.Context, match string) (*roaring.Bitmap, error) {
	if set, ok := f.matches.Get(match); ok {
		return set, nil
	}
	var positions sql.RawBytes
	rows, err := f.matching.QueryContext(ctx, match)
	if err != nil {
		return nil, wrap("search", err)
	}
	defer rows.Close()
	set := roaring.New()
	for rows.Next() { // one: a list of numbers is read three times as fast as rows are
		if err := rows.Scan(&positions); err != nil {
			return nil, wrap("search", err)
		}
		if err := addAll(set, positions); err != nil {
			return nil, wrap("search", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, wrap("search", err)
	}
	f.matches.Add(match, set)
	return set, nil
}

// addAll reads numbers with commas between them.
func addAll(set *roaring.Bitmap, positions []byte) error {
	for len(positions) > 0 {
		var number []byte
		number, positions, _ = bytes.Cut(positions, []byte(","))
		pos, err := strconv.ParseUint(string(number), 10, 32)
		if err != nil {
			return err
		}
		set.Add(uint32(pos))
	}
	return nil
}
