package job

import (
	"fmt"
	"os"
	"time"
)

const (
	// leaseTerm is how long a lease lasts that is not renewed, by the store's clock.
	leaseTerm = 30 * time.Second
	// RenewEvery is how often the holder renews its lease.
	RenewEvery = 10 * time.Second
)

// Lease is the right to refresh, held by one run at a time over all hosts.
//
// Acquiring it writes the manifest with a new fencing number, so the previous holder's
// next write fails. The clocks of hosts do not matter: a lease's age is the store's
// Date minus the store's Last-Modified of the write that acquired or renewed it.
type Lease struct {
	Run    Run    `json:"run"` // its progress at the last renewal
	Accept bool   `json:"accept,omitempty"`
	Holder Holder `json:"holder"`

	// Renewed is null in the write that acquires or renews the lease, because the store
	// dates that write itself. Later writes carry the date over.
	Renewed Time `json:"renewed"`
}

// Dated returns the lease as read from an object that was written at a time. A lease that
// carries its own date keeps it.
func (l *Lease) Dated(written time.Time) *Lease {
	if l == nil || !l.Renewed.IsZero() {
		return l
	}
	dated := *l
	dated.Renewed = At(written)
	return &dated
}

// Request returns the holder's request, as far as the lease records it.
func (l Lease) Request() Request {
	return Request{ID: l.Run.ID, Mode: l.Run.Mode, Trigger: l.Run.Trigger, Accept: l.Accept}
}

// Expired reports whether another run may acquire the lease: its term is over, or its
// holder was a process on this machine that has ended.
func (l Lease) Expired(now time.Time) bool {
	if now.Sub(l.Renewed.Time) >= leaseTerm {
		return true
	}
	space, started, err := processIdentity(l.Holder.PID)
	if l.Holder.Space == "" || l.Holder.Space != space {
		return false // of another machine or container, nothing is certain
	}
	return os.IsNotExist(err) || err == nil && started != l.Holder.Started
}

// Abandoned returns the receipt of a run whose holder stopped renewing the lease. next
// describes what follows. The number of calls since the last renewal is unknown: the
// receipt counts the most that q allows.
func (l Lease) Abandoned(now time.Time, q Quota, next string) Run {
	age := now.Sub(l.Renewed.Time)
	run := l.Run
	run.Attempt = "" // should the holder live after all, it writes its own receipt
	run.AirtableCalls += q.callsIn(min(max(age, 0), RenewEvery))
	run.Outcome, run.Finished = Nullable(Failed), At(now)
	run.Error = Nullable(fmt.Sprintf("%s stopped renewing its lease %s ago "+
		"(it crashed or lost the store); %s. Nothing was published, and "+
		"the next refresh does its work; the run made at most %d calls to Airtable",
		l.Holder, age.Round(time.Second), next, run.AirtableCalls))
	return run
}

// Hold is what a rollback leaves: scheduled runs do not start until a person starts a
// run.
type Hold struct {
	At       Time   `json:"at"` // by the store's clock
	Run      string `json:"run"`
	Snapshot string `json:"snapshot"`
}
