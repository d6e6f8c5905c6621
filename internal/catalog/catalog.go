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
	"voc/internal/snapshot"
)

const (
	manifestKey  = "manifest.json"
	copiesPrefix = "manifests/"
)

// attempts bounds the read-change-Replace loop. Each lost one means that somebody else's write went through, so more than a few in a row are a fault.
const attempts = 20

// manifestLimit bounds what is read as a manifest, in bytes: 200 receipts and 60 snapshots take a tenth of it.
const manifestLimit = 4 << 20

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

// load reads the manifest if its version is not since. Errors: blob.ErrNotModified, ErrDamaged, ErrNewer.
func (c *Catalog) load(ctx context.Context, since blob.Version) (Manifest, blob.Version, error) {
	object, err := c.store.GetIfChanged(ctx, manifestKey, since)
	if errors.Is(err, blob.ErrNotExist) {
		return Manifest{}, "", nil
	}
	if err != nil {
		return Manifest{}, "", fmt.Errorf("read the manifest: %w", err)
	}
	m, err := read(object)
	if err != nil {
		return Manifest{}, object.Version, fmt.Errorf("%s in %s is %w", manifestKey, c.store, err)
	}
	return m, object.Version, nil
}

func read(object *blob.Object) (Manifest, error) {
	defer object.Body.Close()
	data, err := io.ReadAll(io.LimitReader(object.Body, manifestLimit))
	if err != nil {
		return Manifest{}, fmt.Errorf("not to be read: %w", err)
	}
	return decode(data)
}

// newestCopy is the newest whole copy of a manifest, for readers who found the manifest itself damaged. Error: ErrNoSnapshot when there is none.
func (c *Catalog) newestCopy(ctx context.Context) (Manifest, error) {
	keys, err := c.keys(ctx, copiesPrefix)
	if err != nil {
		return Manifest{}, err
	}
	for _, key := range slices.Backward(keys) {
		object, err := c.store.Get(ctx, key)
		if err != nil {
			return Manifest{}, fmt.Errorf("read %s: %w", key, err)
		}
		if m, err := read(object); err == nil {
			return m, nil
		}
	}
	return Manifest{}, ErrNoSnapshot
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

// Publication is what Publish makes current.
type Publication struct {
	Owner  Owner
	Sealed snapshot.Sealed
	// Snapshot says when and from what it was made; its id, key and what Sealed knows are filled in by Publish.
	Snapshot Snapshot
	Run      Run
	Dir      string // for a temporary file, private
}

// Publish puts the file into the store and makes it current, in one step for all readers. The snapshot it was made from must
// be current still. It returns the receipt as it was written. Error: ErrMoved.
func (c *Catalog) Publish(ctx context.Context, p Publication) (Run, error) {
	s := p.describe()
	if err := c.putSnapshot(ctx, s, p); err != nil {
		return p.Run, err
	}
	run := p.Run
	run.Outcome, run.SnapshotAfter, run.Bytes = Nullable(Published), Nullable(s.ID), s.Bytes
	deleted := c.deleteDropped(ctx)
	m, err := c.change(ctx, run, func(m *Manifest) error {
		if m.Current != s.Parent {
			return ErrMoved
		}
		m.Owner, m.Current = p.Owner, Nullable(s.ID)
		m.Snapshots = append([]Snapshot{s}, m.Snapshots...)
		m.retain(c.keep, deleted, s.CreatedAt.Time)
		return nil
	})
	if err != nil {
		return p.Run, err
	}
	c.tidy(ctx, m)
	return run, nil
}

func (p Publication) describe() Snapshot {
	s := p.Snapshot
	s.ID = p.Run.ID + "-" + p.Sealed.SHA256[:12]
	s.Key = snapshotsPrefix + s.ID + ".sqlite.zst"
	s.Run, s.Records, s.Bytes, s.SHA256 = p.Run.ID, p.Sealed.Records, p.Sealed.Bytes, p.Sealed.SHA256
	return s
}

// Confirmation says what a run that found nothing new has confirmed about the snapshot that it started from. A zero time leaves what is.
type Confirmation struct {
	Snapshot  string
	Watermark time.Time
	Deletes   time.Time
	Computed  time.Time
}

// Confirm moves on the times of the current snapshot. It returns the receipt as it was written. Error: ErrMoved.
func (c *Catalog) Confirm(ctx context.Context, run Run, what Confirmation) (Run, error) {
	run.Outcome, run.SnapshotAfter = Nullable(Unchanged), Nullable(what.Snapshot)
	_, err := c.change(ctx, run, func(m *Manifest) error {
		if string(m.Current) != what.Snapshot {
			return ErrMoved
		}
		for i := range m.Snapshots {
			if s := &m.Snapshots[i]; s.ID == what.Snapshot {
				s.Watermark = later(s.Watermark, what.Watermark)
				s.DeletesConfirmedAt = later(s.DeletesConfirmedAt, what.Deletes)
				s.ComputedConfirmedAt = later(s.ComputedConfirmedAt, what.Computed)
			}
		}
		return nil
	})
	return run, err
}

func later(is Time, candidate time.Time) Time {
	if candidate.After(is.Time) {
		return At(candidate)
	}
	return is
}

// Record writes the receipt of a run that changed nothing.
func (c *Catalog) Record(ctx context.Context, run Run) error {
	_, err := c.change(ctx, run, func(*Manifest) error { return nil })
	return err
}

// change is the one way in which a manifest is written. edit may run several times, each time on what is in the store now; an error of its own ends the loop.
func (c *Catalog) change(ctx context.Context, run Run, edit func(*Manifest) error) (Manifest, error) {
	for range attempts {
		m, version, err := c.load(ctx, "")
		if err != nil {
			return m, err
		}
		if m.has(run) {
			return m, nil // an earlier try went through although it seemed not to
		}
		if err := edit(&m); err != nil {
			return m, err
		}
		m.addRun(run)
		m.Generation++
		body, err := m.encode()
		if err != nil {
			return m, fmt.Errorf("encode the manifest: %w", err)
		}
		_, err = c.store.Replace(ctx, manifestKey, body, version)
		if err == nil {
			return m, nil
		}
		if !errors.Is(err, blob.ErrChanged) && !errors.Is(err, blob.ErrUncertain) {
			return m, fmt.Errorf("write the manifest: %w", err)
		}
	}
	return Manifest{}, fmt.Errorf("write %s in %s: lost %d races in a row, which is no accident: is something else writing there?", manifestKey, c.store, attempts)
}

// tidy does what a publication need not wait for to be true: the copy of the manifest, and deleting what nobody names. What fails is tried again by the next publication.
func (c *Catalog) tidy(ctx context.Context, m Manifest) {
	if err := errors.Join(c.putCopy(ctx, m), c.deleteOrphans(ctx, m)); err != nil {
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
	for _, key := range keys[:max(0, len(keys)-c.keep)] {
		if err := c.store.Delete(ctx, key); err != nil {
			return fmt.Errorf("delete %s: %w", key, err)
		}
	}
	return nil
}
