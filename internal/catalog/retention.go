package catalog

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// dropDelay is how long an object outlives its entry: a reader that read the manifest before may still be fetching it.
	dropDelay = time.Hour
	// orphanAge is how old an object must be, by the store's clock, before it is taken for the leavings of a run that died: longer than any run takes.
	orphanAge = 24 * time.Hour
)

// retain keeps the newest snapshots, forgets the dropped ones that are deleted, and lists the others that must go.
func (m *Manifest) retain(keep int, deleted []string, now time.Time) {
	m.Dropped = slices.DeleteFunc(m.Dropped, func(d Dropped) bool { return slices.Contains(deleted, d.Key) })
	for len(m.Snapshots) > keep {
		last := len(m.Snapshots) - 1
		m.Dropped = append(m.Dropped, Dropped{Key: m.Snapshots[last].Key, At: At(now)})
		m.Snapshots = m.Snapshots[:last]
	}
}

// deleteDropped deletes objects whose time has come, by the store's clock, and returns the keys that are gone. A failure leaves them to the next publication.
func (c *Catalog) deleteDropped(ctx context.Context) (gone []string) {
	m, err := c.Load(ctx)
	if err != nil {
		return nil // the change that follows says why
	}
	info, err := c.store.Stat(ctx, manifestKey)
	if err != nil {
		return nil
	}
	for _, d := range m.Dropped {
		if info.Date.Sub(d.At.Time) < dropDelay {
			continue
		}
		if err := c.store.Delete(ctx, d.Key); err == nil {
			gone = append(gone, d.Key)
		}
	}
	return gone
}

// deleteOrphans deletes snapshots that the manifest does not name and that are too old to be on their way into it.
func (c *Catalog) deleteOrphans(ctx context.Context, m Manifest) error {
	named := map[string]bool{}
	for _, s := range m.Snapshots {
		named[s.Key] = true
	}
	for _, d := range m.Dropped {
		named[d.Key] = true
	}
	for info, err := range c.store.List(ctx, snapshotsPrefix) {
		if err != nil {
			return fmt.Errorf("look for orphans: %w", err)
		}
		if named[info.Key] || info.Date.Sub(info.LastModified) < orphanAge {
			continue
		}
		if err := c.store.Delete(ctx, info.Key); err != nil {
			return fmt.Errorf("delete the orphan %s: %w", info.Key, err)
		}
	}
	return nil
}
