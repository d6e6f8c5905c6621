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

// matchOf writes a text as an FTS5 query. Each term is quoted and consists of letters,
// digits and marks, so nothing in it is syntax. All terms must occur; one without a word
// for FTS5 is ignored.
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

// matchingQuery returns one row: a list of numbers is read three times as fast as rows.
const matchingQuery = `SELECT group_concat(rowid) FROM search WHERE search MATCH ?`

// search returns the set of the records in which a text occurs. Recent ones are cached.
func (f *File) search(ctx context.Context, match string) (*roaring.Bitmap, error) {
	if set, ok := f.matches.Get(match); ok {
		return set, nil
	}
	var positions sql.RawBytes
	rows, err := f.matching.QueryContext(ctx, match)
	if err != nil {
		return nil, Wrap("search", err)
	}
	defer rows.Close()
	set := roaring.New()
	for rows.Next() {
		if err := rows.Scan(&positions); err != nil {
			return nil, Wrap("search", err)
		}
		for len(positions) > 0 {
			var number []byte
			number, positions, _ = bytes.Cut(positions, []byte(","))
			pos, err := strconv.ParseUint(string(number), 10, 32)
			if err != nil {
				return nil, Wrap("search", err)
			}
			set.Add(uint32(pos))
		}
	}
	if err := rows.Err(); err != nil {
		return nil, Wrap("search", err)
	}
	f.matches.Add(match, set)
	return set, nil
}
