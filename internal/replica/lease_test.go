package replica_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/blob/blobtest"
	"voc/internal/manifest"
	"voc/internal/replica"
	"voc/internal/snapshot"
)

// inBubble runs a test with a store in a synctest bubble, whose clock the store follows.
func inBubble(t *testing.T, test func(t *testing.T, store *blobtest.Memory, c *manifest.Store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store := blobtest.NewMemory(nil)
		test(t, store, open(store))
	})
}

// A reader reads the manifest only now and then. It detects a dead run by the time that
// has passed since.
func TestViewRunningExpires(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(t *testing.T, store *blobtest.Memory, r *replica.Replica){
		"without a look": func(*testing.T, *blobtest.Memory, *replica.Replica) {},
		"looking at what has not changed": func(t *testing.T, _ *blobtest.Memory, r *replica.Replica) {
			sees(t, r, "full-0")
		},
		"looking at a manifest that is damaged meanwhile": func(t *testing.T, store *blobtest.Memory,
			r *replica.Replica) {
			overwrite(t, store, manifestKey, nil)
			sees(t, r, "full-0")
			sees(t, r, "full-0")
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, store *blobtest.Memory, c *manifest.Store) {
				publish(t, c, sealed(t, "full-0"), "full-0")
				r := replica.New(c, t.TempDir(), quiet).FetchFirst(snapshot.Serve)
				defer r.Close()
				if run, dead := sees(t, r, "full-0").Running(); run.ID != "" || dead {
					t.Errorf("%+v runs", run)
				}
				run := leased(t, c, begun("full-1"))
				run.Pages = 3
				if err := c.Renew(t.Context(), run); err != nil {
					t.Fatal(err)
				}
				if got, dead := sees(t, r, "full-0").Running(); !cmp.Equal(got, run) || dead {
					t.Errorf("%+v, dead %v", got, dead)
				}
				time.Sleep(20 * time.Second)
				then(t, store, r)
				if got, dead := serves(t, r, "full-0").Running(); !cmp.Equal(got, run) || dead {
					t.Errorf("after 20 s: %+v, dead %v", got, dead)
				}
				time.Sleep(10 * time.Second)
				got, dead := serves(t, r, "full-0").Running()
				if !dead || got.ID != "full-1" || got.Outcome != "failed" || got.Pages != 3 {
					t.Errorf("after 30 s: %+v, dead %v", got, dead)
				}
				says(t, string(got.Error), "stopped renewing its lease 30s ago", "the next refresh takes over")
			})
		})
	}
}
