package catalog

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"voc/internal/blob"
)

const (
	// leaseTerm is how long a lease lasts that is not renewed, by the store's clock.
	leaseTerm = 30 * time.Second
	// RenewEvery is how often its holder renews it.
	RenewEvery = 10 * time.Second
	// awaitEvery is how often somebody who waits for a lease looks whether it is free.
	awaitEvery = 2 * time.Second
)

// callsAtOnce is Airtable's limit of calls a second (its rate limits page, November 2026): what a dead run can have called since it was last heard of.
const callsAtOnce = 5

// Lease is the right to refresh, of one run at a time over all hosts.
//
// Taking it writes the manifest, so that it fences by itself: whoever had it before finds that it is not his at his next write. It needs no host's clock: its age is
// the store's Date less the store's Last-Modified of the write that took or renewed it.
type Lease struct {
	Run    Run    `json:"run"` // as far as it has come when it was last renewed
	Accept bool   `json:"accept,omitempty"`
	Holder Holder `json:"holder"`

	// Renewed is null in the write that took or renewed the lease, whose own time counts; later writes, by anyone else, carry that over.
	Renewed Time `json:"renewed"`
}

// dated is the lease with its time carried over from the object that it was read from, as every lease that was read is.
func (l *Lease) dated(info blob.Info) *Lease {
	if l == nil || !l.Renewed.IsZero() {
		return l
	}
	dated := *l
	dated.Renewed = At(info.LastModified)
	return &dated
}

// age is for how long nobody has heard of the holder.
func (l *Lease) age(now time.Time) time.Duration { return now.Sub(l.Renewed.Time) }

// over says whether the lease may be taken over.
func (l *Lease) over(now time.Time) bool { return l.age(now) >= leaseTerm || l.Holder.gone() }

// leasedTo says whether the lease is that of this attempt.
func (m *Manifest) leasedTo(run Run) bool {
	if m.Lease == nil || m.Lease.Run.Attempt != run.Attempt {
		return false
	}
	return m.Lease.Run.Fence == run.Fence || run.Fence == 0 // a run that never heard that it got the lease
}

// ErrHeld is why a run that nobody asked for does not begin after a rollback.
var ErrHeld = errors.New("a rollback holds scheduled refreshes until a person starts one")

// ErrDone is why a run does not begin that was done before: its receipt is in the manifest.
var ErrDone = errors.New("this run was done before")

// BusyError is why a lease can not be had: somebody has it.
type BusyError struct{ Lease Lease }

// Error names the run.
func (b *BusyError) Error() string {
	return fmt.Sprintf("run %s is under way, by %s", b.Lease.Run.ID, b.Lease.Holder)
}

// Application asks for the lease.
type Application struct {
	Base   string
	Run    Run
	Accept bool // the run may pass the publish gate, and write over a damaged manifest

	// Waited says that the run has been tried before and waited for another one; Hold is what HeldBy gave then. A rollback that came meanwhile ends it, whoever asked
	// for it: he did not know of that.
	Waited bool
	Hold   string
}

// HeldBy is the run of the rollback that holds scheduled runs, "" if none does.
func (m Manifest) HeldBy() string {
	if m.Hold == nil {
		return ""
	}
	return m.Hold.Run
}

// Acquire takes the lease for a run, and gives the manifest it starts from and the run with its fencing number. A run of a holder that is dead ends failed. One that
// a person asked for ends a hold. Errors: *BusyError, ErrDone (both with the manifest), ErrHeld, ErrFenced, ErrForeign, ErrDamaged, ErrNewer.
func (c *Catalog) Acquire(ctx context.Context, a Application) (Manifest, Run, error) {
	load := c.load
	if a.Accept {
		load = c.mended
	}
	run := a.Run
	m, err := c.changeFrom(ctx, load, func(m Manifest) bool { return m.Lease != nil && m.Lease.Run.Attempt == run.Attempt }, func(m *Manifest, now time.Time) error {
		if err := m.Belongs(a.Base); err != nil {
			return err
		}
		if was, ended := m.Receipt(run.ID); ended && was.Settled() {
			return ErrDone
		}
		if a.Waited && m.HeldBy() != a.Hold {
			return ErrFenced
		}
		if m.Hold != nil && !run.ByPerson() {
			return ErrHeld
		}
		if m.Lease != nil && !m.Lease.over(now) {
			return &BusyError{Lease: *m.Lease}
		}
		m.bury(now, fmt.Sprintf("run %s has taken over", run.ID))
		m.Hold = nil
		m.Fence++
		run.Fence = m.Fence
		m.Lease = &Lease{Run: run, Accept: a.Accept, Holder: thisProcess()}
		return nil
	})
	if err != nil {
		return m, run, err
	}
	return m, m.Lease.Run, nil
}

// bury ends the run of a lease whose holder is dead, and the lease.
func (m *Manifest) bury(now time.Time, then string) {
	if m.Lease == nil {
		return
	}
	dead := m.Lease.dead(now, then)
	m.Lease = nil
	m.addRun(dead, now)
}

// dead is the receipt of a run whose holder died. What it called after it was last heard of can only be bounded.
func (l *Lease) dead(now time.Time, then string) Run {
	run := l.Run
	run.Attempt = "" // should it live after all, it writes a receipt of its own
	run.AirtableCalls += callsSince(min(max(l.age(now), 0), RenewEvery))
	run.Outcome, run.Finished = Nullable(Failed), At(now)
	run.Error = Nullable(fmt.Sprintf("%s died during the refresh, or lost its way to the store: nothing was heard of it for %s; %s. What was served stays; of its calls to Airtable at most %d were made",
		l.Holder, l.age(now).Round(time.Second), then, run.AirtableCalls))
	return run
}

// callsSince is how many calls a run can have made that was last heard of so long ago. A second more is for clocks that count in seconds.
func callsSince(heard time.Duration) int {
	return int(math.Ceil((heard + time.Second).Seconds() * callsAtOnce))
}

// Bury ends the run of a holder that is certainly dead, if there is one, without taking the lease.
func (c *Catalog) Bury(ctx context.Context, base string) error {
	_, err := c.change(ctx, nil, func(m *Manifest, now time.Time) error {
		if m.Lease == nil || !m.Lease.over(now) || m.Belongs(base) != nil {
			return errNothing
		}
		m.bury(now, "nobody has taken over")
		return nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// errNothing ends a change that has nothing to change.
var errNothing = errors.New("nothing to do")

// Renew keeps the lease, and tells how far the run has come. After the run's end it does nothing. Error: ErrFenced.
func (c *Catalog) Renew(ctx context.Context, run Run) error {
	_, err := c.change(ctx, func(m Manifest) bool { return m.has(run) }, func(m *Manifest, _ time.Time) error {
		if !m.leasedTo(run) {
			return ErrFenced
		}
		m.Lease.Run, m.Lease.Renewed = run, Time{}
		return nil
	})
	return err
}

// Running is the run that is under way, if there is one whose holder lives.
func (c *Catalog) Running(ctx context.Context) (lease Lease, running bool, err error) {
	m, err := c.Load(ctx)
	if err != nil {
		return Lease{}, false, err
	}
	lease, running = m.Running()
	return lease, running, nil
}

// Running is the run that was under way when the manifest was read, if there was one whose holder lived.
func (m Manifest) Running() (lease Lease, running bool) {
	if m.Lease == nil {
		return Lease{}, false
	}
	return *m.Lease, !m.Lease.over(m.ReadAt)
}

// Await waits until a run that another holder does has ended, or its lease may be taken over, and gives its receipt; ended is false if it left none.
func (c *Catalog) Await(ctx context.Context, run Run) (receipt Run, ended bool, err error) {
	for {
		m, err := c.Load(ctx)
		if err != nil {
			return Run{}, false, err
		}
		if receipt, ended := m.Receipt(run.ID); ended && receipt.Fence == run.Fence {
			return receipt, true, nil
		}
		if !m.leasedTo(run) || m.Lease.over(m.ReadAt) {
			return Run{}, false, nil
		}
		select {
		case <-time.After(awaitEvery):
		case <-ctx.Done():
			return Run{}, false, context.Cause(ctx)
		}
	}
}
