package job

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Errors of transitions.
var (
	// ErrFenced is returned to a run that has lost its lease: it must not change what is
	// current.
	ErrFenced = errors.New("another run has acquired the lease")
	// ErrHeld is returned to a scheduled run after a rollback.
	ErrHeld = errors.New("a rollback holds scheduled refreshes until a person starts one")
	// ErrDone is returned to an attempt of a run whose receipt settles it.
	ErrDone = errors.New("this run was done before")
)

// BusyError is returned to a run while another one holds the lease.
type BusyError struct{ Lease Lease }

// Error names the run and its holder.
func (b *BusyError) Error() string {
	return fmt.Sprintf("run %s is running, by %s", b.Lease.Run.ID, b.Lease.Holder)
}

// State is the part of a manifest about runs. Its times are the store's; a zero time
// means that the store has no manifest yet.
type State struct {
	Runs  []Run  `json:"runs"`  // receipts, newest first
	Fence int64  `json:"fence"` // fencing number of the last lease
	Lease *Lease `json:"lease"` // nil: no run is running
	Hold  *Hold  `json:"hold"`  // nil: scheduled runs may start

	// Calls counts the calls to Airtable by UTC month, such as "2026-11".
	Calls map[string]int `json:"calls"`
}

// Acquire gives the lease to a run of this process and returns the run with its fencing
// number. It reaps the run of an expired lease. A run that a person requested ends a
// hold; a remap neither ends one nor is held.
//
// Errors: ErrDone, ErrFenced if a rollback came after the request, ErrHeld, *BusyError.
func (s *State) Acquire(r Request, run Run, q Quota, now time.Time) (Run, error) {
	if receipt, ended := s.Receipt(run.ID); ended && receipt.Settled() {
		return run, ErrDone
	}
	if r.Hold.Known && s.KnownHold() != r.Hold {
		return run, ErrFenced
	}
	held := s.Hold != nil && run.Mode != Remap // which brings no other data
	if held && !run.Trigger.ByPerson() {
		return run, ErrHeld
	}
	if s.Lease != nil {
		if !s.Lease.Expired(now) {
			return run, &BusyError{Lease: *s.Lease}
		}
		s.Record(s.Lease.Abandoned(now, q, fmt.Sprintf("run %s has taken over", run.ID)), now)
	}
	if held {
		s.Hold = nil
	}
	s.Fence++
	run.Fence = s.Fence
	s.Lease = &Lease{Run: run, Accept: r.Accept, Holder: thisProcess()}
	return run, nil
}

// Renew renews the lease of a run and stores its progress. Error: ErrFenced.
func (s *State) Renew(run Run) error {
	if !s.LeasedTo(run) {
		return ErrFenced
	}
	s.Lease.Run, s.Lease.Renewed = run, Time{}
	return nil
}

// Finish ends a run that holds the lease, with its receipt. Error: ErrFenced.
func (s *State) Finish(run Run, now time.Time) error {
	if !s.LeasedTo(run) {
		return ErrFenced
	}
	s.Record(run, now)
	return nil
}

// Reap ends the run of an expired lease, and reports whether there was one.
func (s *State) Reap(q Quota, now time.Time) bool {
	if s.Lease == nil || !s.Lease.Expired(now) {
		return false
	}
	s.Record(s.Lease.Abandoned(now, q, "no other run has taken over"), now)
	s.Lease = nil
	return true
}

// FenceOff lets a rollback take precedence over the run that holds the lease, gives it a
// fencing number of its own, which it returns, and holds scheduled runs. A holder that is
// alive calls Airtable until its next renewal fails, and then writes its own receipt.
func (s *State) FenceOff(hold Hold, q Quota, now time.Time) int64 {
	if s.Lease != nil {
		next := fmt.Sprintf("rollback %s came in between", hold.Run)
		receipt := s.Lease.Abandoned(now, q, next)
		if !s.Lease.Expired(now) {
			receipt.Outcome, receipt.Error = Nullable(Fenced), Nullable(next)
			receipt.AirtableCalls = s.Lease.Run.AirtableCalls + q.callsIn(RenewEvery)
		}
		s.Lease = nil
		s.Record(receipt, now)
	}
	s.Fence++
	s.Hold = &hold
	return s.Fence
}

// Record adds the receipt of a run and counts its calls, and releases the lease if the run
// holds it. The receipt takes its place by its start and replaces an older one of the same
// run. If a later attempt has already written a receipt, only the calls are added.
func (s *State) Record(run Run, now time.Time) {
	if s.LeasedTo(run) {
		s.Lease = nil
	}
	if now.IsZero() {
		now = run.Finished.Time
	}
	other, ended := s.Receipt(run.ID)
	if ended && other.Fence == run.Fence && run.Fence > 0 {
		// Another run reaped this attempt and counted its calls, in the month of the store's clock.
		s.CountCalls(-other.AirtableCalls, other.Finished.Time)
	}
	s.CountCalls(run.AirtableCalls, now)
	// The other attempt's receipt stays if it had the lease later, or has settled the run. An
	// attempt that never had the lease has no place in time.
	if ended && (other.Fence >= run.Fence && other.Settled() ||
		other.Fence > run.Fence && run.Fence > 0) {
		return
	}
	s.Runs = slices.DeleteFunc(s.Runs, func(r Run) bool { return r.ID == run.ID })
	s.forget(runsKept - 1) // never the new receipt, which marks the write
	s.Runs = slices.Insert(s.Runs, 0, run.clipped())
	slices.SortStableFunc(s.Runs, func(a, b Run) int { return b.Started.Compare(a.Started.Time) })
}

// KnownHold returns the hold as a request that is made now knows it.
func (s State) KnownHold() KnownHold {
	known := KnownHold{Known: true}
	if s.Hold != nil {
		known.Run = s.Hold.Run
	}
	return known
}

// RunningAt returns the lease of the run that is running at a time, if its holder is alive.
func (s State) RunningAt(now time.Time) (lease Lease, running bool) {
	if s.Lease == nil {
		return Lease{}, false
	}
	return *s.Lease, !s.Lease.Expired(now)
}

// LeasedTo reports whether an attempt of a run holds the lease. A run without a fencing
// number is identified by its attempt alone.
func (s State) LeasedTo(run Run) bool {
	if s.Lease == nil || s.Lease.Run.Attempt != run.Attempt {
		return false
	}
	return s.Lease.Run.Fence == run.Fence || run.Fence == 0
}
