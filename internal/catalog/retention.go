package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// dropDelay is how long an object outlives its entry: a reader that read the manifest before may still be fetching it.
	dropDelay = time.Hour
	// orphanAge is how old an object must be, by the store's clock, before it is taken for the leavings of a run that died: longer than any run takes.
	orphanAge = 24 * time.Hour
	// dailyFor is how long one snapshot of each day stays, beyond the newest ones.
	dailyFor = 30 * 24 * time.Hour
)

// retain keeps the newest snapshots, the current one, and one a day, and notes when the others went. What a rollback restored stays too while the current one was made from it:
// what lies between the two was left for a reason. It forgets those that went long enough ago, and returns their keys: they are due for deletion once the manifest is written.
func (m *Manifest) retain(keep int, now time.Time) (due []string) {
	m.Dropped = slices.DeleteFunc(m.Dropped, func(d Dropped) bool {
		over := now.Sub(d.At.Time) >= dropDelay
		if over {
			due = append(due, d.Key)
		}
		return over
	})
	current, _ := m.CurrentSnapshot() // zero: nothing to keep for it
	days := map[string]bool{}
	var kept []Snapshot
	for i, s := range m.Snapshots {
		day := s.published().Format(time.DateOnly)
		daily := !days[day] && now.Sub(s.published()) < dailyFor
		restored := i > 1 && s.ID == string(current.Parent)
		if i < keep || s.ID == current.ID || restored || daily {
			kept, days[day] = append(kept, s), true
			continue
		}
		m.Dropped = append(m.Dropped, Dropped{Key: s.Key, At: At(now)})
	}
	m.Snapshots = kept
	return due
}

// published is when a snapshot became current, as well as it is known.
func (s Snapshot) published() time.Time {
	if s.PublishedAt.IsZero() {
		return s.CreatedAt.Time
	}
	return s.PublishedAt.Time
}

// names says whether an object is a snapshot of the manifest, or was one an hour ago.
func (m Manifest) names(key string) bool {
	return slices.ContainsFunc(m.Snapshots, func(s Snapshot) bool { return s.Key == key }) ||
		slices.ContainsFunc(m.Dropped, func(d Dropped) bool { return d.Key == key })
}

// deleteOrphans deletes snapshots that no manifest names and that are too old to be on their way into one. m is the manifest as this process wrote it, which tells
// mostly that there are none. It may be long ago if the process slept, so that nothing is deleted before a look at the newest.
func (c *Catalog) deleteOrphans(ctx context.Context, m Manifest) error {
	var orphans []string
	for info, err := range c.store.List(ctx, snapshotsPrefix) {
		if err != nil {
			return fmt.Errorf("look for orphans: %w", err)
		}
		if !m.names(info.Key) && info.Date.Sub(info.LastModified) >= orphanAge {
			orphans = append(orphans, info.Key)
		}
	}
	if len(orphans) == 0 {
		return nil
	}
	newest, err := c.Load(ctx)
	if err != nil {
		return fmt.Errorf("look for orphans: %w", err)
	}
	return c.deleteAll(ctx, slices.DeleteFunc(orphans, newest.names))
}

// deleteAll tries to delete each of the keys.
func (c *Catalog) deleteAll(ctx context.Context, keys []string) error {
	var errs []error
	for _, key := range keys {
		if err := c.store.Delete(ctx, key); err != nil {
			errs = append(errs, fmt.Errorf("delete %s: %w", key, err))
		}
	}
	return errors.Join(errs...)
}
