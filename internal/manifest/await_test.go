package manifest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest"
)

// inBubble runs a test with a store in a synctest bubble, whose clock the store follows.
func inBubble(t *testing.T, test func(t *testing.T, store *blobtest.Memory, c *manifest.Store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store := blobtest.NewMemory(nil)
		test(t, store, open(store))
	})
}

func TestAwaitReturnsReceipt(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, _ *blobtest.Memory, c *manifest.Store) {
		run := leased(t, c, begun("full-1"))
		start := time.Now()
		go func() {
			for range 5 {
				time.Sleep(9 * time.Second)
				if err := c.Renew(t.Context(), run); err != nil {
					t.Error(err)
				}
			}
			fail(t, c, run)
		}()
		got, ended, err := c.Await(t.Context(), run)
		if took := time.Since(start); err != nil || !ended || got.Outcome != "failed" ||
			took < 45*time.Second || took > 48*time.Second {
			t.Errorf("%+v, ended %v, error %v after %s", got, ended, err, took)
		}
	})
}

func TestAwaitReturnsWhenLeaseExpires(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, _ *blobtest.Memory, c *manifest.Store) {
		run := leased(t, c, begun("full-1"))
		start := time.Now()
		_, ended, err := c.Await(t.Context(), run)
		if took := time.Since(start); err != nil || ended || took != 30*time.Second {
			t.Errorf("ended %v, error %v after %s", ended, err, took)
		}
	})
}

func TestAwaitEndedRunReturnsAtOnce(t *testing.T) {
	t.Parallel()
	for name, over := range map[string]struct {
		do    func(t *testing.T, c *manifest.Store, run job.Run)
		ended bool
	}{
		"it has ended": {func(t *testing.T, c *manifest.Store, run job.Run) { fail(t, c, run) }, true},
		"a rollback has fenced it": {func(t *testing.T, c *manifest.Store, run job.Run) {
			rollback(t, c, "rollback-2", string(load(t, c).Current))
		}, true},
		"its receipt is that of an earlier attempt, and the lease is another's": {func(t *testing.T,
			c *manifest.Store, run job.Run) {
			fail(t, c, run)
			leased(t, c, attempt(begun(run.ID), "later"))
		}, true},
		"another one has the lease": {func(t *testing.T, c *manifest.Store, run job.Run) {
			fail(t, c, run)
			run = leased(t, c, attempt(begun(run.ID), "later"))
			fail(t, c, run)
			leased(t, c, begun("full-3"))
		}, false}, // the later attempt has a receipt, and this one none any more
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, _ *blobtest.Memory, c *manifest.Store) {
				publish(t, c, bytesOf(t, "full-0"), "full-0")
				run := leased(t, c, begun("full-1"))
				over.do(t, c, run)
				start := time.Now()
				got, ended, err := c.Await(t.Context(), run)
				if err != nil || ended != over.ended || ended && got.ID != run.ID || time.Since(start) > 0 {
					t.Errorf("%+v, ended %v, error %v after %s", got, ended, err, time.Since(start))
				}
			})
		})
	}
}

func TestAwaitReturnsContextCause(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, _ *blobtest.Memory, c *manifest.Store) {
		run := leased(t, c, begun("full-1"))
		ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, errors.New("the bell rang"))
		defer cancel()
		_, ended, err := c.Await(ctx, run)
		if ended || err == nil || err.Error() != "the bell rang" {
			t.Errorf("ended %v, error %v", ended, err)
		}
	})
}

func TestRunningFollowsLease(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, store *blobtest.Memory, c *manifest.Store) {
		is := func(want bool) {
			t.Helper()
			if lease, running, err := c.Running(t.Context()); err != nil || running != want {
				t.Errorf("%+v, running %v, error %v", lease, running, err)
			}
		}
		is(false)
		run := leased(t, c, begun("full-1"))
		is(true)
		time.Sleep(29 * time.Second)
		is(true)
		time.Sleep(time.Second)
		is(false)
		if err := c.Renew(t.Context(), run); err != nil { // no other run has taken over
			t.Error(err)
		}
		is(true)
		fail(t, c, run)
		is(false)
		overwrite(t, store, manifestKey, nil)
		if _, _, err := c.Running(t.Context()); !errors.Is(err, manifest.ErrDamaged) {
			t.Errorf("error %v", err)
		}
	})
}

func TestReap(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, store *blobtest.Memory, c *manifest.Store) {
		bury := func(base string) manifest.Manifest {
			t.Helper()
			if err := c.Reap(t.Context(), base); err != nil {
				t.Fatal(err)
			}
			return load(t, c)
		}
		if bury(base); len(keys(t, store, "")) != 0 {
			t.Errorf("in an empty store there is %q now", keys(t, store, ""))
		}
		publish(t, c, bytesOf(t, "full-0"), "full-0")
		leased(t, c, begun("full-1"))
		time.Sleep(29 * time.Second)
		if m := bury(base); m.Lease == nil || m.Generation != 3 {
			t.Errorf("a live run was buried: %+v", m)
		}
		time.Sleep(time.Second)
		if m := bury("appOther"); m.Lease == nil || m.Generation != 3 {
			t.Errorf("by a stranger: %+v", m)
		}
		for range 2 {
			m := bury(base)
			got, _ := m.Receipt("full-1")
			if m.Lease != nil || got.Outcome != "failed" || m.Generation != 4 ||
				m.CallsIn(time.Now()) != 7+55 {
				t.Errorf("manifest %+v, want generation 4, 62 calls and a failed run", m)
			}
			says(t, string(got.Error), "no other run has taken over")
		}
	})
}
