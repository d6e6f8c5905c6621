package build

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// countFilled counts in how many records each field has a value; a field without any has
// no entry. A fork starts from its parent's counts and needs only what changed, so no row of the
// parent must be staged yet.
func (d *Draft) countFilled(ctx context.Context) (map[string]int, error) {
	counts := map[string]int{}
	if d.fork {
		for name, n := range d.parent.Source.Meta().Filled {
			counts[name] = n
		}
		if err := d.subtractFilled(ctx, counts); err != nil {
			return nil, fmt.Errorf("count values: %w", err)
		}
	}
	rows, err := d.query(ctx, `SELECT filled FROM main.row`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var bits []byte
		if err := rows.Scan(&bits); err != nil {
			return nil, err
		}
		d.fields.count(bits, counts)
	}
	return counts, rows.Err()
}

// subtractFilled subtracts the parent's rows that were replaced or removed.
func (d *Draft) subtractFilled(ctx context.Context, counts map[string]int) error {
	rows, err := d.query(ctx, `SELECT fields FROM parent_source.record WHERE id IN
		(SELECT id FROM main.row UNION ALL SELECT id FROM main.removed)`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var fields []byte
		var cells map[string]json.RawMessage
		if err := rows.Scan(&fields); err != nil {
			return err
		}
		if err := json.Unmarshal(fields, &cells); err != nil {
			return err
		}
		for name, value := range cells {
			if !feedback.Filled(value) {
				continue
			}
			if counts[name]--; counts[name] == 0 {
				delete(counts, name)
			}
		}
	}
	return rows.Err()
}

// digest sums up the records, by id.
func (d *Draft) digest(ctx context.Context, into *snapshot.Contents) error {
	rows, err := d.query(ctx, `SELECT id, digest, computed FROM source.record ORDER BY id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	contents, computed := sha256.New(), sha256.New()
	var id, ofContent, ofComputed sql.RawBytes
	var line []byte
	for rows.Next() {
		if err := rows.Scan(&id, &ofContent, &ofComputed); err != nil {
			return err
		}
		start := append(append(line[:0], id...), ' ')
		line = append(hex.AppendEncode(start, ofContent), '\n')
		_, _ = contents.Write(line) // a hash takes everything
		line = append(hex.AppendEncode(start, ofComputed), '\n')
		_, _ = computed.Write(line)
	}
	into.ContentSHA256 = hex.EncodeToString(contents.Sum(nil))
	into.ComputedSHA256 = hex.EncodeToString(computed.Sum(nil))
	return rows.Err()
}
