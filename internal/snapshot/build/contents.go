package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// tombstoneAge is how long a snapshot remembers a removed record.
const tombstoneAge = 90 * 24 * time.Hour

// countFilled counts in how many records each field has a value; a field without any has
// no entry. A fork starts from its parent's counts and needs only what changed.
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
	rows, err := d.conn.QueryContext(ctx, `SELECT filled FROM stage.rank WHERE filled IS NOT NULL`)
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
	rows, err := d.conn.QueryContext(ctx, `SELECT fields FROM origin.record WHERE id IN
		(SELECT id FROM stage.row WHERE filled IS NOT NULL UNION ALL SELECT id FROM stage.removed)`)
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

// digest sums up the ranked rows, by id.
func (d *Draft) digest(ctx context.Context, into *snapshot.Contents) error {
	rows, err := d.conn.QueryContext(ctx, `SELECT id, digest, computed FROM stage.rank ORDER BY id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	contents, computed := sha256.New(), sha256.New()
	for rows.Next() {
		var id string
		var ofContent, ofComputed []byte
		if err := rows.Scan(&id, &ofContent, &ofComputed); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(contents, "%s %x\n", id, ofContent) // a hash takes everything
		_, _ = fmt.Fprintf(computed, "%s %x\n", id, ofComputed)
	}
	into.ContentSHA256 = hex.EncodeToString(contents.Sum(nil))
	into.ComputedSHA256 = hex.EncodeToString(computed.Sum(nil))
	return rows.Err()
}

// writeTombstones writes one for each record of the parent that was removed, and copies
// those of the parent that are young enough and whose record has not come back.
func (d *Draft) writeTombstones(ctx context.Context, meta snapshot.Meta) error {
	if d.parent == nil {
		return nil
	}
	const added = `INSERT INTO tombstone SELECT id, ?, ? FROM parent.feedback
		WHERE id NOT IN (SELECT id FROM stage.row) ORDER BY id`
	const copied = `INSERT OR IGNORE INTO tombstone SELECT id, removed_at, run FROM parent.tombstone
		WHERE removed_at >= ? AND id NOT IN (SELECT id FROM stage.row) ORDER BY id`
	asOf := meta.AsOf.UTC()
	if err := d.exec(ctx, added, asOf.Format(feedback.TimeFormat), meta.Run); err != nil {
		return err
	}
	return d.exec(ctx, copied, asOf.Add(-tombstoneAge).Format(feedback.TimeFormat))
}
