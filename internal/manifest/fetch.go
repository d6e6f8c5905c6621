package manifest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"voc/internal/snapshot"
)

// Fetch copies a part of a snapshot into a file in dir, which matches the manifest's digest and
// belongs to the caller. If one of the parts that the caller has is of the same base, only a
// delta is transferred; the caller may remove their files meanwhile. Errors: ErrDamaged,
// snapshot.ErrDiskFull. Cost: the transfer, and the time to unpack and hash the whole file.
func (s *Store) Fetch(
	ctx context.Context, wanted Snapshot, kind snapshot.Kind, dir string, have ...Local,
) (Local, error) {
	part := wanted.Part(kind)
	if part.Key == "" {
		return Local{}, fmt.Errorf("snapshot %s is %w: it has no part %s", wanted.ID, ErrDamaged, kind)
	}
	local := Local{Part: part, snapshot: wanted}
	from := nearest(have, wanted, part)
	err := s.fetch(ctx, &local, dir, from)
	// If the local file belongs to another line of snapshots (after a rollback) or is damaged, the
	// result's digest does not match, and the part is fetched in full.
	if from.Path != "" && errors.Is(err, ErrDamaged) {
		err = s.fetch(ctx, &local, dir, Local{})
	}
	if errors.Is(err, ErrDamaged) {
		return Local{}, fmt.Errorf("part %s of snapshot %s in %s is %w", kind, wanted.ID, s, err)
	}
	if err != nil {
		return Local{}, fmt.Errorf("fetch snapshot %s, part %s: %w", wanted.ID, kind, err)
	}
	return local, nil
}

// fetch makes the file of a part from one of this host, or from the store alone.
func (s *Store) fetch(ctx context.Context, local *Local, dir string, from Local) error {
	base, delta, err := s.open(ctx, local.Part, from)
	defer base.close()
	defer delta.close()
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, string(local.Part.Kind)+"-*.sqlite")
	if err != nil {
		return err
	}
	hash := sha256.New()
	into, size := io.MultiWriter(file, hash), local.Part.Bytes
	if delta != nil {
		local.pages, err = merge(into, base, delta, size)
	} else {
		local.pages = from.pages
		_, err = io.Copy(into, io.LimitReader(base, size+1))
	}
	if err == nil && hex.EncodeToString(hash.Sum(nil)) != local.Part.SHA256 {
		err = errors.New("it is not what the manifest describes")
	}
	write, ok := errors.AsType[*os.PathError](err)
	switch {
	case ok && write.Path == file.Name():
		err = snapshot.MarkDiskFull(err)
	case err != nil:
		damage := fmt.Errorf("%w: %w", ErrDamaged, err)
		err = cmp.Or(base.fault(), delta.fault(), damage)
	}
	if err = cmp.Or(err, file.Close()); err != nil {
		_ = os.Remove(file.Name())
		return err
	}
	local.Path = file.Name()
	return nil
}

// open opens what a part is made of: the whole, or a base and a delta, at the same time. A file
// of this host takes the place of the base, or of both if it has the same content.
func (s *Store) open(ctx context.Context, part Part, from Local) (base, delta *source, err error) {
	var deltaErr error
	var both sync.WaitGroup
	if part.Base.Key != "" && from.Part != part {
		both.Go(func() { delta, deltaErr = s.openObject(ctx, part.Key) })
	}
	if from.Path != "" {
		base, err = openFile(from.Path)
	} else {
		base, err = s.openObject(ctx, cmp.Or(part.Base.Key, part.Key))
	}
	both.Wait()
	if errors.Is(err, ErrDamaged) && part.Base.Key != "" {
		err = fmt.Errorf("%w, the base of part %s", err, part.Kind)
	}
	return base, delta, cmp.Or(err, deltaErr)
}

// nearest returns the file from which a part is made with the least transfer; zero if there is
// none.
func nearest(have []Local, wanted Snapshot, part Part) Local {
	i := slices.IndexFunc(have, func(l Local) bool { return l.Part == part })
	if i < 0 && part.Base.Key != "" {
		i = slices.IndexFunc(have, func(l Local) bool { // a newer one has more pages changed
			return l.base().Key == part.Base.Key && !l.snapshot.CreatedAt.After(wanted.CreatedAt.Time)
		})
	}
	if i < 0 {
		return Local{}
	}
	return have[i]
}
