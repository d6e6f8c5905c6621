package manifest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"voc/internal/job"
	"voc/internal/manifest"
)

// Any content is decoded as a manifest or rejected with a named error. What is decoded is
// encoded as the same manifest, and the next run can continue from it.
func FuzzManifest(f *testing.F) {
	store, _ := newStore()
	publish(f, open(store), bytesOf(f, "full-2"), "full-2")
	whole := content(f, store, manifestKey)
	for _, row := range damages {
		f.Add(row.Change(bytes.Clone(whole)), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, sign bool) {
		if sign && json.Valid(data) {
			data = signed(4, string(data))
		}
		m, err := manifest.Decode(data)
		if err != nil {
			if !errors.Is(err, manifest.ErrDamaged) && !errors.Is(err, manifest.ErrNewer) {
				t.Errorf("error %v", err)
			}
			return
		}
		written, err := manifest.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := manifest.Decode(written)
		if diff := cmp.Diff(m, again, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Fatalf("error %v, what is read again differs:\n%s", err, diff)
		}
		goesOn(t, data)
	})
}

// goesOn starts and ends a run on a manifest, unless its state forbids that.
func goesOn(t *testing.T, data []byte) {
	store, clock := newStore()
	overwrite(t, store, manifestKey, data)
	clock.Advance(time.Minute) // a lease in it that is not from the future is over
	run, err := begin(t.Context(), open(store), receipt("run"))
	_, busy := errors.AsType[*job.BusyError](err)
	if busy || errors.Is(err, job.ErrDone) || errors.Is(err, manifest.ErrForeign) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	before := load(t, open(store))
	fail(t, open(store), run)
	m := load(t, open(store))
	if m.Lease != nil || !cmp.Equal(m.Snapshots, before.Snapshots) || m.Current != before.Current ||
		m.CallsIn(noon) < before.CallsIn(noon) {
		t.Errorf("%+v became %+v", before, m)
	}
}
