package refresh

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"voc/internal/manifest"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
)

// parent is the snapshot that a run starts from.
type parent struct {
	owner    manifest.Owner    // of the store; zero if it is empty
	current  manifest.Snapshot // zero if the store is empty
	parts    *build.Parent     // nil if no snapshot can be read
	fetched  []manifest.Local  // the files of parts
	outdated bool              // parts are of an older one than current
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
		p.parts, p.fetched, err = e.openParts(ctx, candidate, dir)
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

// openParts fetches a snapshot's parts and opens its source. It returns nil with an error.
func (e *Engine) openParts(
	ctx context.Context, s manifest.Snapshot, dir string,
) (_ *build.Parent, _ []manifest.Local, err error) {
	var fetched []manifest.Local
	defer func() {
		if err != nil {
			for _, local := range fetched { // the next candidate needs their room
				_ = os.Remove(local.Path)
			}
		}
	}()
	parts := build.Parent{Records: s.Records, Paths: map[snapshot.Kind]string{}}
	for _, kind := range slices.Backward(snapshot.Kinds()) { // the source may be damaged alone
		part := s.Part(kind)
		i := slices.IndexFunc(fetched, func(l manifest.Local) bool { return l.Part == part })
		if i < 0 { // else as in format 4
			local, err := e.cfg.Store.Fetch(ctx, s, kind, dir)
			if err != nil {
				return nil, nil, err
			}
			i, fetched = len(fetched), append(fetched, local)
		}
		parts.Paths[kind] = fetched[i].Path
	}
	parts.Source, err = snapshot.OpenOriginals(parts.Paths[snapshot.Sources])
	if err != nil {
		return nil, nil, fmt.Errorf("snapshot %s: %w", s.ID, err)
	}
	return &parts, fetched, nil
}

// meta returns the description of the parent; zero if there is none.
func (p parent) meta() snapshot.Meta {
	if p.parts == nil {
		return snapshot.Meta{}
	}
	return p.parts.Source.Meta()
}

// records returns how many records the parent has; 0 if there is none.
func (p parent) records() int {
	if p.parts == nil {
		return 0
	}
	return p.parts.Records
}

func (p parent) close() {
	if p.parts != nil {
		_ = p.parts.Close() // they were only read
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
