package build

import (
	"bytes"
	"context"
	_ "embed" // touch.sql, amend.sql
	"encoding/json"
	"fmt"

	"voc/internal/snapshot"
)

// A fork of few changes amends copies of the parent's files. Everything in them that does not
// follow from a changed record stays byte for byte, and keeps its place in the file. The answers
// are those of a full seal, and so are the Contents. The files are not the same:
//
//   - positions: a new record has the one before the first, and a removed one leaves a gap, so the
//     sets, the orders and the rows of the list are grouped otherwise;
//   - places: SQLite puts a changed row where there is room, keeps pages that became free, and
//     counts the changes of a file;
//   - the search index: it has a segment for each amendment until these are merged, and the words
//     of an edited text stay in an older segment, marked as deleted, until then.

const (
	amendedAlways = 64 // records that may be amended, however few there are
	amendedShare  = 10 // of more, at most one in so many
)

//go:embed touch.sql
var touchRows string

const (
	// misplacedRows counts the rows without a position that are not served before those that stay.
	misplacedRows = `SELECT count(*) FROM
		(SELECT created, id FROM parent_serve.feedback JOIN parent_details.record USING (pos)
			WHERE pos NOT IN (SELECT was FROM main.touched WHERE was IS NOT pos AND was IS NOT NULL)
			ORDER BY pos LIMIT 1) AS first
		JOIN (SELECT row.created, row.id FROM main.touched JOIN main.row ON row.rowid = staged
			WHERE pos IS NULL) AS new
		ON new.created < first.created OR new.created = first.created AND new.id > first.id`

	// placeNewRows gives these rows the positions before the parent's first one.
	placeNewRows = `UPDATE main.touched SET pos = new.pos FROM
		(SELECT staged, place + (SELECT coalesce(min(pos), ?) FROM parent_serve.feedback) - 1 -
			count(*) OVER () AS pos FROM
			(SELECT staged, row_number() OVER (ORDER BY created DESC, row.id) AS place
			FROM main.touched JOIN main.row ON row.rowid = staged WHERE pos IS NULL)) AS new
		WHERE touched.staged = new.staged`

	// forgetSameRows takes rows that equal the parent's out of touched.
	forgetSameRows = `DELETE FROM main.touched WHERE id IN (SELECT id FROM
		(SELECT ` + columns + ` FROM main.parent_row INTERSECT SELECT ` + columns + ` FROM main.row))`
)

// canAmend reports whether the parent's files may be amended: they are made by the same rules, and
// the changes are not so many that writing everything is as fast.
func (d *Draft) canAmend(ctx context.Context, meta snapshot.Meta) (bool, error) {
	if !d.fork || d.parent.isFormat4() || !sameRules(meta, d.parent.Source.Meta()) {
		return false, nil
	}
	var touched, spellings int
	err := d.get(ctx, &touched, `SELECT (SELECT count(*) FROM main.row) +
		(SELECT count(*) FROM main.removed JOIN known USING (id))`)
	if err != nil || touched > max(amendedAlways, d.parent.Records/amendedShare) {
		return false, err
	}
	// Without its spellings, as no parent with records should be, the most frequent one is unknown.
	const any = `SELECT count(*) FROM (SELECT 1 FROM parent_serve.spelling LIMIT 1)`
	err = d.get(ctx, &spellings, any)
	return err == nil && (spellings > 0 || d.parent.Records == 0), err
}

// stageTouched stages the table touched, which says what an amendment of the parent's files would
// change, and reports whether each row has a place: not if a record comes to stand between others,
// since then their positions would change.
func (d *Draft) stageTouched(ctx context.Context) (bool, error) {
	if err := d.exec(ctx, touchRows); err != nil {
		return false, err
	}
	var misplaced int
	if err := d.get(ctx, &misplaced, misplacedRows); err != nil || misplaced > 0 {
		return false, err
	}
	if err := d.execPrepared(ctx, placeNewRows, firstPosition); err != nil {
		return false, err
	}
	var first int // below 1: the positions before the parent's first one are used up
	err := d.get(ctx, &first, `SELECT coalesce(min(pos), 1) FROM main.touched`)
	return err == nil && first > 0, err
}

// sameRules reports whether records are mapped and indexed by the same rules. Another program may
// fold texts in another way, so it writes everything once.
func sameRules(a, b snapshot.Meta) bool {
	rules := func(m snapshot.Meta) []byte {
		stored, _ := json.Marshal(m) // of types that always encode
		var read snapshot.Meta       // in which an empty map is none
		_ = json.Unmarshal(stored, &read)
		text, _ := json.Marshal([]any{
			read.Program, read.Years, read.Mapping, read.MappingVersion, read.Private, read.PrivateIDs,
			read.CreatedFrom,
		})
		return text
	}
	return bytes.Equal(rules(a), rules(b))
}

//go:embed amend.sql
var amendRows string

// touchedRows are the rows that came, as copyRows and insertWords need them.
const touchedRows = `FROM (SELECT pos, staged FROM main.touched WHERE staged IS NOT NULL)
	CROSS JOIN main.row ON row.rowid = staged ORDER BY pos`

// amend copies the parent's files and changes what follows from the touched records.
func (d *Draft) amend(ctx context.Context, meta snapshot.Meta) error {
	if err := d.exec(ctx, fmt.Sprintf(parentRows, "parent_row",
		`IN (SELECT id FROM main.touched WHERE was IS NOT NULL)`)); err != nil {
		return err
	}
	if err := d.exec(ctx, forgetSameRows); err != nil {
		return err
	}
	if err := d.copyParts(ctx); err != nil {
		return err
	}
	if err := d.exec(ctx, fmt.Sprintf(amendRows, searched)); err != nil {
		return err
	}
	if err := d.forgetWords(ctx); err != nil {
		return err
	}
	for _, copies := range copyRows {
		if err := d.exec(ctx, copies.insert+touchedRows+copies.update); err != nil {
			return err
		}
	}
	if err := d.amendList(ctx); err != nil {
		return err
	}
	if err := d.amendTombstones(ctx, meta); err != nil {
		return err
	}
	change, err := d.readChange(ctx)
	if err != nil {
		return err
	}
	if err := d.amendValues(ctx, change.valueChanges); err != nil {
		return err
	}
	if err := d.amendTimes(ctx, change); err != nil {
		return err
	}
	return d.amendRankings(ctx, change)
}

// forgetWords writes the search index anew if records were removed: until segments are merged, an
// older one has the words of what was deleted.
func (d *Draft) forgetWords(ctx context.Context) error {
	var removed int
	err := d.get(ctx, &removed, `SELECT count(*) FROM main.touched WHERE staged IS NULL`)
	if err != nil || removed == 0 {
		return err
	}
	return d.exec(ctx, `INSERT INTO serve.search (search) VALUES ('optimize')`)
}
