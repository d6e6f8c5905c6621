package airtable

import (
	"context"
	"sync"
	"time"
)

// Rate is how many calls a second a base gets from this process. Airtable allows 5 in
// any second (its rate limits page, November 2026), from all tokens and tools together;
// calls that leave evenly at exactly that pace are bunched on the way, and the sixth in
// a second costs 30 seconds. At this rate six calls leave 42 ms more than a second apart.
const Rate = 4.8

// RequestsPerSecond is Airtable's own limit of calls to a base in a second (its rate limits
// page, November 2026).
const RequestsPerSecond = 5

// Pacer spaces the calls to one base: each leaves at least an interval after the one
// before it has left, so that a caller that was slow to wake up is not followed by
// others too soon. Nothing is saved up while it is idle. It is safe for concurrent use.
// Callers that wait at the same time are served in no particular order.
type Pacer struct {
	interval time.Duration
	mu       sync.Mutex
	next     time.Time // no call leaves before
}

// NewPacer returns a pacer of so many calls a second, which must be above 0;
// math.Inf(1) does not pace at all, but can still be paused.
func NewPacer(perSecond float64) *Pacer {
	if !(perSecond > 0) {
		panic("airtable: a pacer needs a rate above 0")
	}
	return &Pacer{interval: time.Duration(float64(time.Second) / perSecond)}
}

var pacers sync.Map // key → *Pacer; never emptied, a process talks to few bases

// PacerFor returns the pacer of key, the same for all callers of this process, with
// the pace Rate.
func PacerFor(key string) *Pacer {
	p, _ := pacers.LoadOrStore(key, NewPacer(Rate))
	return p.(*Pacer)
}

// Wait returns nil when a call may leave, which it should then do at once. It fails
// when ctx is done or its deadline comes before the turn; then no turn is used up.
func (p *Pacer) Wait(ctx context.Context) error {
	for {
		if ctx.Err() != nil {
			return stopped(ctx)
		}
		wait := p.take()
		if wait <= 0 {
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// take takes the turn if it has come, else it returns how long that will take.
func (p *Pacer) take() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if wait := p.next.Sub(now); wait > 0 {
		return wait
	}
	p.next = now.Add(p.interval)
	return 0
}

// Pause lets no call leave for d from now, those that wait already included. It never
// shortens a pause.
func (p *Pacer) Pause(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(d); until.After(p.next) {
		p.next = until
	}
}
