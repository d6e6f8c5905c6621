package airtable_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/airtable"
)

// mostIn returns the largest number of times within any window.
func mostIn(window time.Duration, times []time.Time) int {
	slices.SortFunc(times, time.Time.Compare)
	most, first := 0, 0
	for i, at := range times {
		for at.Sub(times[first]) >= window {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

func TestAtMostFiveCallsPerSecond(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 2, 3, 4, 5} {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			pauses := make([]time.Duration, 400)
			for i := range pauses {
				pauses[i] = time.Duration(random.ExpFloat64() * float64(300*time.Millisecond))
			}
			f := steps(after(150*time.Millisecond, me))
			own := func(cfg *airtable.Config) { cfg.Pacer, cfg.Base = nil, fmt.Sprint("app", seed) }
			clients := []*airtable.Client{f.client(own), f.client(own)} // of one base: one pacer
			var callers sync.WaitGroup
			for i := range 20 {
				callers.Go(func() {
					for _, pause := range pauses[20*i : 20*i+20] {
						if pause > 100*time.Millisecond { // shorter pauses make bursts
							time.Sleep(pause)
						}
						if _, err := clients[i%2].Whoami(t.Context()); err != nil {
							t.Error(err)
						}
					}
				})
			}
			callers.Wait()
			times := make([]time.Time, len(f.sent))
			for i, s := range f.sent {
				times[i] = s.at
			}
			if most := mostIn(time.Second, times); most > 5 || len(times) != 400 {
				t.Errorf("seed %d: %d calls, up to %d in a second, want 400 and 5", seed, len(times), most)
			}
			took := times[len(times)-1].Sub(times[0]).Seconds()
			if rate := float64(len(times)-1) / took; rate < 4.5 {
				t.Errorf("seed %d: %.2f calls a second, want at least 4.5", seed, rate)
			}
		})
	}
}

func TestPacer429PausesAllCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := steps(me, me, reject(429, "RATE_LIMIT_REACHED"), me)
		c, callers := f.client(), sync.WaitGroup{}
		for range 10 {
			callers.Go(func() {
				if _, err := c.Whoami(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		callers.Wait()
		penalty := f.sent[3].at.Sub(f.sent[2].at)
		if len(f.sent) != 11 || penalty < 30*time.Second || penalty > 31*time.Second {
			t.Errorf("%d calls, the one after the 429 %s later; want 11 and at least 30s", len(f.sent),
				penalty)
		}
	})
}

func TestPacer429OfLastTryPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		no := reject(429, "RATE_LIMIT_REACHED")
		f := steps(no, no, no, no, no, me)
		c := f.client()
		if _, err := c.Whoami(t.Context()); err == nil {
			t.Fatal("five 429s gave no error")
		}
		if _, err := c.Whoami(t.Context()); err != nil {
			t.Fatal(err)
		}
		if wait := f.sent[5].at.Sub(f.sent[4].at); wait < 30*time.Second {
			t.Errorf("the next call came %s after a 429", wait)
		}
	})
}

func TestPacer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, began := t.Context(), time.Now()
		at := func(p *airtable.Pacer, want time.Duration) {
			t.Helper()
			if err := p.Wait(ctx); err != nil || time.Since(began) != want {
				t.Fatalf("turn at %s, %v, want it at %s", time.Since(began), err, want)
			}
		}
		p := airtable.NewPacer(4)
		at(p, 0) // the first call does not wait
		at(p, 250*time.Millisecond)
		time.Sleep(9750 * time.Millisecond)
		at(p, 10*time.Second) // idle time is not saved up
		at(p, 10250*time.Millisecond)
		p.Pause(30 * time.Second)
		p.Pause(time.Second) // does not shorten the pause
		at(p, 40250*time.Millisecond)
		at(p, 40500*time.Millisecond)

		time.Sleep(100 * time.Millisecond)
		p.Sent() // the call left late
		at(p, 40850*time.Millisecond)

		unpaced := airtable.NewPacer(math.Inf(1))
		at(unpaced, 40850*time.Millisecond)
		at(unpaced, 40850*time.Millisecond)
	})
}

func TestPauseDelaysWaitingCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, began := airtable.NewPacer(1), time.Now()
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(500*time.Millisecond, func() { p.Pause(30 * time.Second) })
		if err := p.Wait(t.Context()); err != nil || time.Since(began) != 30500*time.Millisecond {
			t.Errorf("turn at %s, %v, want it at 30.5s", time.Since(began), err)
		}
	})
}

func TestFailedWaitUsesNoTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, began := airtable.NewPacer(1), time.Now()
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := p.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 0 {
			t.Errorf("deadline before the turn: %v after %s, want it at once", err, time.Since(began))
		}
		time.Sleep(time.Second)
		if err := p.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a deadline that has passed gave %v", err)
		}
		if err := p.Wait(t.Context()); err != nil || time.Since(began) != time.Second {
			t.Errorf("next turn at %s, %v, want it at 1s", time.Since(began), err)
		}
	})
}

func TestPacerForSharesByKey(t *testing.T) {
	t.Parallel()
	a, b := airtable.PacerFor("a"), airtable.PacerFor("b")
	if airtable.PacerFor("a") != a || a == b {
		t.Error("PacerFor does not return one pacer per key")
	}
}
