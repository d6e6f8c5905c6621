package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrPromise is the error of a store that does not do what the package comment promises.
// Such a store cannot be used: two hosts would overwrite each other's work.
var ErrPromise = errors.New("the store breaks a promise")

// deleteWithin bounds the removal of the probe's object after the caller has given up.
const deleteWithin = 10 * time.Second

// Probe tests the promises of a store on an object of its own, which it deletes: that
// PutNew overwrites nothing, that Replace needs the current version, and that a List sees
// the last write. Some servers accept conditional writes and ignore the condition. The key
// of its object begins with "probe-" and is in no folder; no reader lists it. Cost: six
// operations. Errors: ErrPromise, with the promise; any other error says nothing about the
// promises.
func Probe(ctx context.Context, store Store) (err error) {
	key := "probe-" + rand.Text()
	defer func() {
		if err != nil {
			err = fmt.Errorf("probe %s: %w", store, err)
		}
	}()
	created, err := store.PutNew(ctx, key, strings.NewReader("1"))
	if err == nil || errors.Is(err, ErrUncertain) {
		defer func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteWithin)
			defer cancel()
			err = errors.Join(err, store.Delete(ctx, key))
		}()
	}
	if err != nil {
		return err
	}
	_, err = store.PutNew(ctx, key, strings.NewReader("2"))
	if err := rejected(err, ErrExist, "it overwrote an object that PutNew must not"); err != nil {
		return err
	}
	replaced, err := store.Replace(ctx, key, []byte("3"), created.Version)
	if errors.Is(err, ErrChanged) {
		return fmt.Errorf("%w: it rejected the version that it returned: %w", ErrPromise, err)
	}
	if err != nil {
		return err
	}
	_, err = store.Replace(ctx, key, []byte("4"), created.Version)
	if err := rejected(err, ErrChanged, "it replaced a version that was not current"); err != nil {
		return err
	}
	return lists(ctx, store, key, replaced.Version)
}

// rejected returns nil if err is what a store returns whose condition is not met.
func rejected(err, want error, otherwise string) error {
	switch {
	case err == nil:
		return fmt.Errorf("%w: it accepts conditional writes and ignores them: %s",
			ErrPromise, otherwise)
	case errors.Is(err, want):
		return nil
	}
	return err
}

// lists returns nil if a List has the object in its version.
func lists(ctx context.Context, store Store, key string, version Version) error {
	for info, err := range store.List(ctx, key) {
		if err != nil {
			return err
		}
		if info.Key == key && info.Version == version {
			return nil
		}
	}
	return fmt.Errorf("%w: it does not list an object as it was written just before", ErrPromise)
}
