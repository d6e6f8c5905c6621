package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"voc/internal/feedback"
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
	for name, n := range d.parent.meta.Filled {
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
func (d *Draft) digest(ctx context.Context, into *Contents) error {
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
func (d *Draft) bury(ctx context.Context, meta Meta) error {
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

// Tombstone says when a record went, by Airtable's clock, and which run found it gone.
type Tombstone struct {
	ID        string
	RemovedAt time.Time
	Run       string
}

// Tombstone is that of a record that was served in the last 90 days and is gone. Error: ErrNoRecord.
func (f *File) Tombstone(ctx context.Context, id string) (Tombstone, error) {
	t := Tombstone{ID: id}
	var at string
	err := f.db.QueryRowContext(ctx, `SELECT removed_at, run FROM tombstone WHERE id = ?`, id).Scan(&at, &t.Run)
	if err == nil {
		t.RemovedAt, err = time.Parse(feedback.TimeFormat, at)
	}
	return t, none("read the tombstone of "+id, err)
}

// RemovedBy lists the first records, by id and at most limit of them, that a run found gone.
func (f *File) RemovedBy(ctx context.Context, run string, limit int) (ids []string, err error) {
	rows, err := f.db.QueryContext(ctx, `SELECT id FROM tombstone WHERE run = ? ORDER BY id LIMIT ?`, run, limit)
	if err != nil {
		return nil, wrap("list what is gone", err)
	}
	ids, err = scanIDs(rows)
	return ids, wrap("list what is gone", err)
}

// Filled says whether the record has a value in a field, by name.
func (s Source) Filled(field string) bool {
	var cells map[string]json.RawMessage
	return json.Unmarshal(s.Fields, &cells) == nil && feedback.Filled(cells[field])
}
