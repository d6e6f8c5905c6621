package bound

import (
	"context"
	"errors"
	"time"
)

// ErrBusy is the error of a caller that waited too long for a lane, or that found too many waiting.
// Retry in a moment.
var ErrBusy = errors.New("too many requests of this kind at a time")

// Lanes let a number of callers work at a time; others wait in line for a while. It is safe for
// concurrent use.
type Lanes struct {
	used chan struct{}
	line chan struct{} // those that wait
	wait time.Duration
}

// NewLanes returns n lanes, for which a caller waits at most wait.
func NewLanes(n int, wait time.Duration) *Lanes {
	return &Lanes{used: make(chan struct{}, n), line: make(chan struct{}, Line), wait: wait}
}

// Enter waits for a lane. The caller must call Leave after a nil error. Errors: ErrBusy, and that
// of ctx.
func (l *Lanes) Enter(ctx context.Context) error {
	select {
	case l.used <- struct{}{}:
		return nil
	default:
	}
	select {
	case l.line <- struct{}{}:
		defer func() { <-l.line }()
	default:
		return ErrBusy
	}
	patience := time.NewTimer(l.wait)
	defer patience.Stop()
	select {
	case l.used <- struct{}{}:
		return nil
	case <-patience.C:
		return ErrBusy
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Leave frees the lane that Enter gave.
func (l *Lanes) Leave() { <-l.used }
