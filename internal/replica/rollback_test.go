package replica_test

import (
	"slices"
	"testing"
	"time"

	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// three publishes full-1, full-2 and full-3, each with a watermark of its own, an hour apart.
func three(t *testing.T, c *manifest.Store, file func(t testing.TB,
	run string) snapshot.Sealed) (all []manifest.Snapshot) {
	t.Helper()
	for i, run := range []string{"full-1", "full-2", "full-3"} {
		p := publication(t, file(t, run), receipt(run), load(t, c).Current)
		p.Snapshot.Watermark = job.At(noon.Add(time.Duration(i) * time.Hour))
		if _, err := put(t.Context(), c, p); err != nil {
			t.Fatal(err)
		}
		all = append(all, current(t, c))
	}
	return all
}

func TestServedAfterRollback(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	r := newReplica(t, store)
	all := three(t, open(store), sealed)
	sees(t, r, "full-3")
	rollback(t, open(store), "rollback-4", job.Previous)
	view := sees(t, r, "full-2")
	hasNoWarnings(t, view)
	var order []string
	for _, s := range view.Manifest.Candidates() {
		order = append(order, s.Run)
	}
	if want := []string{"full-2", "full-1", "full-3"}; !slices.Equal(order, want) {
		t.Errorf("candidates %q, want %q", order, want)
	}
	for i, next := range []string{"full-1", "full-3"} {
		overwrite(t, store, []manifest.Snapshot{all[1], all[0]}[i].Parts[0].Key, nil)
		if view := sees(t, newReplica(t, store), next); len(view.Warnings) != i+2 {
			t.Errorf("warnings %q", view.Warnings)
		}
	}
	hasNoWarnings(t, sees(t, r, "full-2")) // what is open was whole
}
