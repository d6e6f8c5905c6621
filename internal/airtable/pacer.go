package airtable

import (
	"context"
	"sync"
	"time"
)

// RequestsPerSecond is how many requests Airtable accepts per base in any second, from
// all tokens and programs together (https://airtable.com/developers/web/api/rate-limits,
// November 2026).
const RequestsPerSecond = 5

// Rate is how many calls per second this process sends to a base. Calls sent evenly at
// exactly RequestsPerSecond are bunched on the way, and the sixth in a second costs 30
// seconds. At this rate the first and the sixth call are sent 42 ms more than a second
// apart.
const Rate = 0.96 * RequestsPerSecond

// Pacer spaces the calls to one base: each is sent at least one interval after the
// previous one was sent, so that a caller that wakes up late does not shorten the next
// interval. An idle pacer does not accumulate calls. It is safe for concurrent use.
// Callers are served in the order in which they came, so that of several listings none
// falls behind.
type Pacer struct {
	interval time.Duration
	first    chan struct{} // holds one: the caller whose turn comes next
	mu       sync.Mutex
	next     time.Time // earliest time of the next call
	paused   time.Time // end of the last pause
}

// NewPacer returns a pacer of that many calls per second, which must be above 0. With
// math.Inf(1) it does not space calls, but can still be paused.
func NewPacer(perSecond float64) *Pacer {
	if !(perSecond > 0) {
		panic("airtable: NewPacer: the rate must be above 0")
	}
	return &Pacer{
		interval: time.Duration(float64(time.Second) / perSecond), first: make(chan struct{}, 1),
	}
}

var pacers sync.Map // key → *Pacer; never emptied: a process reads few bases

// PacerFor returns the pacer of key. All callers in the process share it; its rate is
// Rate.
func PacerFor(key string) *Pacer {
	p, _ := pacers.LoadOrStore(key, NewPacer(Rate))
	return p.(*Pacer)
}

// Wait returns nil when the caller may send a call, which it should do at once. It
// returns an error, and does not use up a turn, if ctx is done or its deadline is
// earlier than the turn ([ErrTooLate]).
func (p *Pacer) Wait(ctx context.Context) error {
	p.mu.Lock()
	least := time.Until(p.next)
	p.mu.Unlock()
	if err := checkDeadline(ctx, least); err != nil {
		return err
	}
	select {
	case p.first <- struct{}{}:
		defer func() { <-p.first }()
	case <-ctx.Done():
		return contextError(ctx)
	}
	for {
		if ctx.Err() != nil {
			return contextError(ctx)
		}
		wait := p.reserve()
		if wait <= 0 {
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// WaitOutPause returns nil when no pause is in effect. It takes no turn, and fails as Wait
// does.
func (p *Pacer) WaitOutPause(ctx context.Context) error {
	for {
		if ctx.Err() != nil {
			return contextError(ctx)
		}
		p.mu.Lock()
		wait := time.Until(p.paused)
		p.mu.Unlock()
		if wait <= 0 {
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// reserve reserves the turn and returns 0, or returns how long to wait for it.
func (p *Pacer) reserve() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if wait := p.next.Sub(now); wait > 0 {
		return wait
	}
	p.next = now.Add(p.interval)
	return 0
}

// Sent tells that a call has only now left, although its turn came before: this process was
// kept from the processor. The next turn comes an interval later.
func (p *Pacer) Sent() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if next := time.Now().Add(p.interval); next.After(p.next) {
		p.next = next
	}
}

// Pause holds back all calls for d from now, including those already waiting. It never
// shortens a pause.
func (p *Pacer) Pause(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(d); until.After(p.next) {
		p.next, p.paused = until, until
	}
}
