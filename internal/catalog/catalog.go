package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"voc/internal/blob"
)

const (
	manifestKey  = "manifest.json"
	copiesPrefix = "manifests/"
)

// attempts bounds the read-change-Replace loop. Each lost race means that somebody else's write went through, so more than a few in a row are a fault.
const attempts = 20

// manifestLimit bounds what is read and written as a manifest, in bytes: 200 receipts and 60 snapshots mostly take a fiftieth of it.
const manifestLimit = 16 << 20

// Catalog reads and writes what a store holds. It is safe for concurrent use, within a process and among processes.
type Catalog struct {
	store blob.Store
	keep  int
	log   *slog.Logger
}

// New makes a catalog over a store that keeps the newest keep snapshots (at least 1).
func New(store blob.Store, keep int, log *slog.Logger) *Catalog {
	return &Catalog{store: store, keep: max(keep, 1), log: log}
}

// String is where the store is.
func (c *Catalog) String() string { return c.store.String() }

// Load reads the manifest; an empty store has an empty one. Errors: ErrDamaged, ErrNewer.
func (c *Catalog) Load(ctx context.Context) (Manifest, error) {
	m, _, err := c.load(ctx, "")
	return m, err
}

// load reads the manifest if its version is not since, and gives what the store says of it; that is zero while there is none. Errors: blob.ErrNotModified,
// ErrDamaged, ErrNewer.
func (c *Catalog) load(ctx context.Context, since blob.Version) (Manifest, blob.Info, error) {
	object, err := c.store.GetIfChanged(ctx, manifestKey, since)
	if errors.Is(err, blob.ErrNotExist) {
		return Manifest{}, blob.Info{}, c.neverWritten(ctx)
	}
	if err != nil {
		return Manifest{}, blob.Info{}, fmt.Errorf("read the manifest: %w", err)
	}
	m, err := read(object)
	m.ReadAt, m.Lease = object.Date, m.Lease.dated(object.Info)
	if errors.Is(err, ErrDamaged) {
		err = c.damage(err)
	} else if err != nil {
		err = fmt.Errorf("%s in %s is %w", manifestKey, c.store, err)
	}
	return m, object.Info, err
}

// neverWritten tells an empty store from one whose manifest was lost: that has copies, which are only made of what was written. Error: ErrDamaged.
func (c *Catalog) neverWritten(ctx context.Context) error {
	copies, err := c.keys(ctx, copiesPrefix)
	if err != nil || len(copies) == 0 {
		return err
	}
	if _, err = c.store.Stat(ctx, manifestKey); errors.Is(err, blob.ErrNotExist) {
		return c.damage(fmt.Errorf("%w: it is gone", ErrDamaged))
	}
	return err // nil: the first one was written just now
}

// damage words what is wrong with the manifest, and what an operator does: no program repairs it unasked, since that would be a guess.
func (c *Catalog) damage(err error) error {
	return fmt.Errorf("%s in %s is %w: put the newest whole one of %s in its place, or have a refresh do so by accept", manifestKey, c.store, err, copiesPrefix)
}

func read(object *blob.Object) (Manifest, error) {
	defer object.Body.Close()
	data, err := io.ReadAll(io.LimitReader(object.Body, manifestLimit))
	if err != nil {
		return Manifest{}, fmt.Errorf("not to be read: %w", err)
	}
	return decode(data)
}

// newestCopy is the newest whole copy of a manifest and its key, for readers who can not use the manifest itself. Error: ErrNoSnapshot when there is none.
func (c *Catalog) newestCopy(ctx context.Context) (m Manifest, key string, err error) {
	keys, err := c.keys(ctx, copiesPrefix)
	if err != nil {
		return m, "", err
	}
	for _, key := range slices.Backward(keys) {
		object, err := c.store.Get(ctx, key)
		if err == nil {
			m, err = read(object)
		}
		if err == nil {
			return m, key, nil
		}
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) {
			return m, "", fmt.Errorf("read %s: %w", key, err)
		}
	}
	return m, "", ErrNoSnapshot
}

func (c *Catalog) keys(ctx context.Context, prefix string) ([]string, error) {
	var keys []string
	for info, err := range c.store.List(ctx, prefix) {
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", prefix, err)
		}
		keys = append(keys, info.Key)
	}
	return keys, nil
}

// edit changes a manifest. It may run several times, each time on what is in the store now, with the time by the store's clock (zero while there is no manifest). An
// error of its own ends the change.
type edit func(m *Manifest, now time.Time) error

// change is the one way in which a manifest is written: read, change, replace if nobody else did. written says whether what is read holds this very change
// already, since a write whose answer was lost may have happened; nil: repeating it does no harm.
func (c *Catalog) change(ctx context.Context, written func(Manifest) bool, do edit) (Manifest, error) {
	return c.changeFrom(ctx, c.load, written, do)
}

// loader reads the manifest to be changed.
type loader func(ctx context.Context, since blob.Version) (Manifest, blob.Info, error)

func (c *Catalog) changeFrom(ctx context.Context, load loader, written func(Manifest) bool, do edit) (Manifest, error) {
	var lost error
	for range attempts {
		m, info, err := load(ctx, "")
		if err != nil {
			return m, err
		}
		if written != nil && written(m) {
			return m, nil
		}
		if err := do(&m, info.Date); err != nil {
			return m, err
		}
		m.Generation++
		body, err := m.encode()
		if err != nil {
			return m, fmt.Errorf("encode the manifest: %w", err)
		}
		if _, lost = c.store.Replace(ctx, manifestKey, body, info.Version); lost == nil {
			return m, nil
		}
		if !errors.Is(lost, blob.ErrChanged) && !errors.Is(lost, blob.ErrUncertain) {
			break
		}
	}
	return Manifest{}, fmt.Errorf("write the manifest: %w", lost)
}

// LoadMended is Load for a run that may write over a damaged manifest: it gives what such a run would go on from. Error: ErrNewer.
func (c *Catalog) LoadMended(ctx context.Context) (Manifest, error) {
	m, _, err := c.mended(ctx, "")
	return m, err
}

// mended is load for those who may write over a damaged manifest: it goes on from the newest whole copy. One that a newer version wrote is not damaged.
func (c *Catalog) mended(ctx context.Context, since blob.Version) (Manifest, blob.Info, error) {
	m, info, damage := c.load(ctx, since)
	if !errors.Is(damage, ErrDamaged) {
		return m, info, damage
	}
	m, key, err := c.newestCopy(ctx)
	if err != nil && !errors.Is(err, ErrNoSnapshot) {
		return m, info, err
	}
	c.log.WarnContext(ctx, "a damaged manifest is written over, as was asked for", "damage", damage, "goes_on_from", key)
	m.Generation, m.Fence = m.Generation+leap, m.Fence+leap
	return m, info, nil
}

// leap is by how much the numbers of a mended manifest jump: past all that were given after the copy it goes on from, which must not come twice.
const leap = 1_000_000

// tidy does what a publication need not wait for to be true: the copy of the manifest, and deleting what nobody names any more. What fails is done by a later
// publication: objects whose deletion failed are orphans by then.
func (c *Catalog) tidy(ctx context.Context, m Manifest, due []string) {
	if err := errors.Join(c.putCopy(ctx, m), c.deleteAll(ctx, due), c.deleteOrphans(ctx, m)); err != nil {
		c.log.WarnContext(ctx, "published, but the store was not tidied", "error", err)
	}
}

func (c *Catalog) putCopy(ctx context.Context, m Manifest) error {
	body, err := m.encode()
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%s%012d.json", copiesPrefix, m.Generation)
	if _, err := c.store.PutNew(ctx, key, bytes.NewReader(body)); err != nil && !errors.Is(err, blob.ErrExist) {
		return fmt.Errorf("keep a copy of the manifest: %w", err)
	}
	keys, err := c.keys(ctx, copiesPrefix)
	if err != nil {
		return err
	}
	return c.deleteAll(ctx, keys[:max(0, len(keys)-c.keep)])
}
