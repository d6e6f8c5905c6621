package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// tombstonesKept is how long a snapshot remembers a record that is gone.
const tombstonesKept = 90 * 24 * time.Hour

// carryOver adds to the staged rows those of the parent that stay, and counts where fields have a value. Where the parent has counted, only what
// changed is read.
func (d *Draft) carryOver(ctx context.Context) (map[string]int, error) {
	filled := map[string]int{}
	if !d.carry {
		return filled, d.count(ctx, filled, 1, `SELECT fields FROM stage.row`)
	}
	for name, n := range d.parent.Meta().Filled {
		filled[name] = n
	}
	return filled, errors.Join(
		d.count(ctx, filled, -1, `SELECT fields FROM parent.feedback WHERE id IN (SELECT id FROM stage.row UNION ALL SELECT id FROM stage.removed)`),
		d.count(ctx, filled, 1, `SELECT fields FROM stage.row`),
		d.exec(ctx, statement{`INSERT INTO stage.row (` + columns + `) SELECT ` + columns + ` FROM parent.record
			WHERE id NOT IN (SELECT id FROM stage.row UNION ALL SELECT id FROM stage.removed)`, nil}))
}

// count adds n for each field of each row that has a value. A field that no row fills has no entry.
func (d *Draft) count(ctx context.Context, filled map[string]int, n int, query string) error {
	rows, err := d.conn.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var text []byte
		var cells map[string]json.RawMessage
		if err := errors.Join(rows.Scan(&text), json.Unmarshal(text, &cells)); err != nil {
			return fmt.Errorf("count values: %w", err)
		}
		for name, value := range cells {
			if !feedback.Filled(value) {
				continue
			}
			if filled[name] += n; filled[name] == 0 {
				delete(filled, name)
			}
		}
	}
	return rows.Err()
}

// digest sums up the staged rows.
func (d *Draft) digest(ctx context.Context, into *snapshot.Contents) error {
	rows, err := d.conn.QueryContext(ctx, `SELECT id, digest, computed FROM stage.row ORDER BY id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	content, computed := sha256.New(), sha256.New()
	for rows.Next() {
		var id string
		var one, other []byte
		if err := rows.Scan(&id, &one, &other); err != nil {
			return err
		}
		fmt.Fprintf(content, "%s %x\n", id, one)
		fmt.Fprintf(computed, "%s %x\n", id, other)
	}
	into.ContentSHA256, into.ComputedSHA256 = hex.EncodeToString(content.Sum(nil)), hex.EncodeToString(computed.Sum(nil))
	return rows.Err()
}

// bury notes which records of the parent are gone, and keeps its own notes that are young enough. One that came back has none.
func (d *Draft) bury(ctx context.Context, meta snapshot.Meta) error {
	if d.parent == nil {
		return nil
	}
	oldest := meta.AsOf.Add(-tombstonesKept)
	return d.exec(ctx,
		statement{`INSERT INTO tombstone SELECT id, ?, ? FROM parent.feedback WHERE id NOT IN (SELECT id FROM stage.row) ORDER BY id`,
			[]any{meta.AsOf.UTC().Format(feedback.TimeFormat), meta.Run}},
		statement{`INSERT OR IGNORE INTO tombstone SELECT id, removed_at, run FROM parent.tombstone
			WHERE removed_at >= ? AND id NOT IN (SELECT id FROM stage.row) ORDER BY id`, []any{oldest.UTC().Format(feedback.TimeFormat)}})
}
