package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// errOlder is about a file that upgrade takes.
var errOlder = errors.New("of the schema before")

func openUpgraded(path string) (*File, error) {
	upgraded, err := upgrade(path)
	if err != nil {
		return nil, err
	}
	f, err := openSealed(upgraded)
	if err != nil {
		_ = os.RemoveAll(filepath.Dir(upgraded)) // the first error is the one to tell
		return nil, err
	}
	f.folder = filepath.Dir(upgraded)
	return f, nil
}

// upgrade makes, of a file of the schema just before, one of this schema, in a folder beside it. All that is served follows from the rows, so that they are taken over and the
// rest is derived as ever. Cost: about half a millisecond a record, until the first refresh by this version publishes its own.
func upgrade(path string) (upgraded string, err error) {
	dir, err := os.MkdirTemp(filepath.Dir(path), "upgrade-")
	if err != nil {
		return "", err
	}
	sealed, err := upgradeIn(context.Background(), dir, path)
	if err != nil {
		_ = os.RemoveAll(dir) // nothing in it is of use
		return "", fmt.Errorf("%w: it can not be upgraded: %w", ErrNotSnapshot, err)
	}
	return sealed.Path, nil
}

func upgradeIn(ctx context.Context, dir, path string) (Sealed, error) {
	draft, err := open(ctx, &Draft{dir: dir, parent: &File{path: path}})
	if err != nil {
		return Sealed{}, err
	}
	draft.parent = nil // it is attached, and has not what a parent of this schema has
	defer draft.Discard()
	var text []byte
	var meta Meta
	if err := draft.conn.QueryRowContext(ctx, `SELECT json FROM parent.meta`).Scan(&text); err != nil {
		return Sealed{}, err
	}
	if err := json.Unmarshal(text, &meta); err != nil {
		return Sealed{}, err
	}
	meta.MappingVersion = 0 // digests were made otherwise: the next refresh makes them anew, with each row
	if err := draft.exec(ctx, statement{takeOver, nil}); err != nil {
		return Sealed{}, err
	}
	return draft.Seal(ctx, meta)
}

// takeOver stages the rows of schema 1, which had all in one table, no digest of what Airtable works out, and two texts of the summary in the detail again.
const takeOver = `INSERT INTO stage.row (` + columns + `)
	SELECT id, created_time, created, report_week, h1, h2, h3, h4, h5, digest, x'', summary, json_remove(detail, '$.initial_description', '$.team_routed'), fields
	FROM parent.feedback`
