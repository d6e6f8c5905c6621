package refresh

import (
	"context"
	"errors"
	"fmt"

	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// parent is the snapshot that a run starts from.
type parent struct {
	owner    manifest.Owner    // of the store; zero if it is empty
	current  manifest.Snapshot // zero if the store is empty
	file     *snapshot.File    // nil if no snapshot can be read
	outdated bool              // file is older than current
	warnings []string
}

// openParent fetches the current snapshot, or the newest valid one if that is damaged: it
// still knows the fields, the table and the records, so that none of them is lost, and the
// run becomes a full. The caller closes the parent, also after an error.
func (e *Engine) openParent(
	ctx context.Context, m manifest.Manifest, dir string,
) (parent, error) {
	if err := m.Belongs(e.cfg.Base); err != nil {
		return parent{}, err
	}
	current, err := m.CurrentSnapshot()
	p := parent{owner: m.Owner, current: current}
	if errors.Is(err, manifest.ErrNoSnapshot) {
		return p, nil
	}
	for _, candidate := range m.Candidates() {
		path, err := e.cfg.Store.Fetch(ctx, candidate, dir)
		if err == nil {
			p.file, err = snapshot.Open(path)
		}
		if err == nil {
			return p, nil
		}
		// Only the snapshot itself is passed over, not a store that cannot be reached.
		if !errors.Is(err, manifest.ErrDamaged) && !errors.Is(err, snapshot.ErrNotSnapshot) &&
			!errors.Is(err, snapshot.ErrFormat) {
			return p, err
		}
		p.outdated = true
		p.warnings = append(p.warnings, fmt.Sprintf("%v: all records are read again", err))
	}
	return p, nil
}

// meta returns the description of the parent; zero if there is none.
func (p parent) meta() snapshot.Meta {
	if p.file == nil {
		return snapshot.Meta{}
	}
	return p.file.Meta()
}

// records returns how many records the parent has; 0 if there is none.
func (p parent) records() int {
	if p.file == nil {
		return 0
	}
	return p.file.Records()
}

func (p parent) close() {
	if p.file != nil {
		_ = p.file.Close() // it was only read
	}
}

// fieldNames returns the names of fields by id.
func fieldNames(fields []snapshot.Field) map[string]string {
	names := make(map[string]string, len(fields))
	for _, field := range fields {
		names[field.ID] = field.Name
	}
	return names
}
