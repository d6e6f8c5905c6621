package build

import (
	"context"
	"crypto/sha256"
	_ "embed" // derive.sql
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"voc/internal/snapshot"
)

//go:embed derive.sql
var derive string

var errOver = errors.New("the draft was sealed or discarded before")

// Seal finishes the draft: it takes over what the parent carries, derives everything that is served, lets SQLite check the file and flushes it. The file is
// the caller's; the draft is over whatever comes back. Cost: about half a millisecond a record.
func (d *Draft) Seal(ctx context.Context, meta snapshot.Meta) (snapshot.Sealed, error) {
	if d.db == nil {
		return snapshot.Sealed{}, wrap("seal", errOver)
	}
	sealed, err := d.seal(ctx, meta)
	if err != nil {
		d.abandon()
		return snapshot.Sealed{}, wrap("seal", err)
	}
	return sealed, nil
}

func (d *Draft) seal(ctx context.Context, meta snapshot.Meta) (snapshot.Sealed, error) {
	sealed := snapshot.Sealed{Path: d.path()}
	var err error
	if sealed.Contents, err = d.derive(ctx, meta); err != nil {
		return sealed, err
	}
	if err := d.conn.QueryRowContext(ctx, `SELECT count(*) FROM feedback`).Scan(&sealed.Records); err != nil {
		return sealed, err
	}
	var verdict string
	if err := d.conn.QueryRowContext(ctx, `PRAGMA main.quick_check(1)`).Scan(&verdict); err != nil {
		return sealed, err
	}
	if verdict != "ok" {
		return sealed, fmt.Errorf("SQLite finds the new file damaged, is the disk sound? %s", verdict)
	}
	d.close()
	sealed.SHA256, sealed.Bytes, err = flush(sealed.Path)
	return sealed, err
}

// together is how many records lie beside each other in the file, with both of their rows: these share most of their text, and a snapshot travels compressed with a window
// of a megabyte, beyond which nothing is known again.
const together = 64

// rank moves the staged rows into the file, in the order in which they are served.
func (d *Draft) rank(ctx context.Context) error {
	if err := d.exec(ctx,
		statement{`CREATE INDEX stage.ranking ON row (created DESC, id)`, nil},
		statement{`CREATE TABLE stage.rank (pos INTEGER PRIMARY KEY, staged INTEGER NOT NULL)`, nil},
		statement{`INSERT INTO stage.rank (staged) SELECT rowid FROM stage.row INDEXED BY ranking ORDER BY created DESC, id`, nil}); err != nil {
		return err
	}
	var records int
	if err := d.conn.QueryRowContext(ctx, `SELECT count(*) FROM stage.rank`).Scan(&records); err != nil {
		return err
	}
	const some = ` FROM stage.rank CROSS JOIN stage.row ON row.rowid = staged WHERE pos BETWEEN ? AND ? ORDER BY pos`
	for first := 1; first <= records; first += together {
		span := []any{first, first + together - 1}
		if err := d.exec(ctx,
			statement{`INSERT INTO feedback (pos, ` + apart + `) SELECT pos, ` + apart + some, span},
			statement{`INSERT INTO summary (pos, json) SELECT pos, summary` + some, span}); err != nil {
			return err
		}
	}
	return nil
}

func (d *Draft) derive(ctx context.Context, meta snapshot.Meta) (snapshot.Contents, error) {
	var err error
	if meta.Filled, err = d.carryOver(ctx); err != nil {
		return meta.Contents, err
	}
	if err := d.digest(ctx, &meta.Contents); err != nil {
		return meta.Contents, err
	}
	text, err := json.Marshal(meta)
	if err != nil {
		return meta.Contents, err
	}
	if err := d.rank(ctx); err != nil {
		return meta.Contents, err
	}
	if err := d.exec(ctx, statement{derive, nil}, statement{`INSERT INTO meta VALUES (?)`, []any{string(text)}}); err != nil {
		return meta.Contents, err
	}
	encoders := encoderPool.Get().(*encoders)
	defer encoderPool.Put(encoders)
	if err := errors.Join(d.bury(ctx, meta), d.buildIndex(ctx, meta, encoders), d.encodeList(ctx, encoders)); err != nil {
		return meta.Contents, err
	}
	return meta.Contents, d.exec(ctx,
		statement{fmt.Sprintf(`PRAGMA main.user_version = %d`, snapshot.Format), nil},
		statement{fmt.Sprintf(`PRAGMA main.application_id = %d`, snapshot.ApplicationID), nil},
		statement{`COMMIT`, nil})
}

// flush makes the file durable and hashes it on the way.
func flush(path string) (digest string, size int64, err error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return "", 0, err
	}
	defer file.Close()
	hash := sha256.New()
	if size, err = io.Copy(hash, file); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(hash.Sum(nil)), size, file.Sync()
}
