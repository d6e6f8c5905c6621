package bound_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/bound"
)

func TestLanes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lanes := bound.NewLanes(2, time.Second)
		for range 2 {
			if err := lanes.Enter(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		if err := lanes.Enter(t.Context()); !errors.Is(err, bound.ErrBusy) {
			t.Errorf("third: %v", err)
		}
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("the third waited %s", waited)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := lanes.Enter(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("client gone: %v", err)
		}
		go func() {
			time.Sleep(time.Second / 2)
			lanes.Leave()
		}()
		if err := lanes.Enter(t.Context()); err != nil {
			t.Errorf("after a lane was left: %v", err)
		}
	})
}

// TestLine: those that would wait behind many others are rejected at once.
func TestLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lanes := bound.NewLanes(1, time.Second)
		if err := lanes.Enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range bound.Line {
			go func() { _ = lanes.Enter(t.Context()) }()
		}
		synctest.Wait()
		start := time.Now()
		if err := lanes.Enter(t.Context()); !errors.Is(err, bound.ErrBusy) || time.Since(start) > 0 {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		time.Sleep(time.Second)
	})
}
