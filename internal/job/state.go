package job

import (
	"errors"
	"fmt"
	"time"
)

// Errors of transitions.
var (
	// ErrFenced is returned to a run that has lost its lease: it may not change what is
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

// State is the part of a manifest about runs. Its times are the store's; a zero time says
// that the store has no manifest yet.
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
// hold.
//
// Errors: ErrDone, ErrFenced if a rollback came after the request, ErrHeld, *BusyError.
func (s *State) Acquire(r Request, run Run, q Quota, now time.Time) (Run, error) {
	if receipt, ended := s.Receipt(run.ID); ended && receipt.Settled() {
		return run, ErrDone
	}
	if r.Hold.Known && s.KnownHold() != r.Hold {
		return run, ErrFenced
	}
	if s.Hold != nil && !run.ByPerson() {
		return run, ErrHeld
	}
	if s.Lease != nil && !s.Lease.Expired(now) {
		return run, &BusyError{Lease: *s.Lease}
	}
	s.reap(fmt.Sprintf("run %s has taken over", run.ID), q, now)
	s.Hold = nil
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

// Record adds the receipt of a run, and releases the lease if the run holds it.
func (s *State) Record(run Run, now time.Time) {
	if s.LeasedTo(run) {
		s.Lease = nil
	}
	if now.IsZero() {
		now = run.Finished.Time
	}
	s.addRun(run, now)
}

// Reap ends the run of an expired lease, and reports whether there was one.
func (s *State) Reap(q Quota, now time.Time) bool {
	if s.Lease == nil || !s.Lease.Expired(now) {
		return false
	}
	s.reap("no other run has taken over", q, now)
	return true
}

func (s *State) reap(next string, q Quota, now time.Time) {
	if s.Lease == nil {
		return
	}
	receipt := s.Lease.Abandoned(now, q, next)
	s.Lease = nil
	s.addRun(receipt, now)
}

// FenceOff lets a rollback take precedence over the run that holds the lease, gives it a
// fencing number of its own, which it returns, and holds scheduled runs. A holder that is
// alive calls Airtable until its next renewal fails, and then writes its own receipt.
func (s *State) FenceOff(hold Hold, q Quota, now time.Time) int64 {
	next := fmt.Sprintf("rollback %s came in between", hold.Run)
	if s.Lease != nil && !s.Lease.Expired(now) {
		receipt := s.Lease.Abandoned(now, q, next)
		receipt.Outcome, receipt.Error = Nullable(Fenced), Nullable(next)
		receipt.AirtableCalls = s.Lease.Run.AirtableCalls + q.callsIn(RenewEvery)
		s.Lease = nil
		s.addRun(receipt, now)
	}
	s.reap(next, q, now)
	s.Fence++
	s.Hold = &hold
	return s.Fence
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

// LeasedTo reports whether an attempt of a run holds the lease. A run that does not know
// its fencing number is known by its attempt alone.
func (s State) LeasedTo(run Run) bool {
	if s.Lease == nil || s.Lease.Run.Attempt != run.Attempt {
		return false
	}
	return s.Lease.Run.Fence == run.Fence || run.Fence == 0
}
