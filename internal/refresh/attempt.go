package refresh

import (
	"sync/atomic"
	"time"

	"voc/internal/airtable"
	"voc/internal/job"
)

// attempt is one attempt at a run. It does not change while the run is under way.
type attempt struct {
	request  job.Request
	run      job.Run // the receipt as it starts
	client   *airtable.Client
	before   airtable.Counts // of client, when the attempt started
	progress *progress
}

// calls returns how many calls to Airtable the attempt has made.
func (a attempt) calls() int { return a.client.Counts().Calls - a.before.Calls }

// finish returns the receipt of an attempt that ends now. A rollback makes no calls; those
// of a refresh beside it are not its own.
func (a attempt) finish(run job.Run, now time.Time) job.Run {
	run.Finished = job.At(now)
	if a.request.Mode == job.Rollback {
		return run
	}
	counts := a.client.Counts()
	run.AirtableCalls = counts.Calls - a.before.Calls
	run.Retries = counts.Retries - a.before.Retries
	run.Throttled = counts.Throttled - a.before.Throttled
	return run
}

// Progress is the progress of a run.
type Progress struct {
	Mode           job.Mode // the actual mode of the run, which may cover more than was requested
	Pages, Records int
}

// progress is the one way in which a run's progress leaves its goroutine: to the caller,
// and to the renewal of the lease.
type progress struct {
	watch  func(Progress) // may be nil
	latest atomic.Pointer[job.Run]
}

// show makes the receipt so far the one that the lease is renewed with.
func (p *progress) show(soFar job.Run) { p.latest.Store(&soFar) }

// page is show after a page of records.
func (p *progress) page(soFar job.Run) {
	p.show(soFar)
	if p.watch != nil {
		p.watch(Progress{Mode: soFar.Mode, Pages: soFar.Pages, Records: soFar.Read})
	}
}
