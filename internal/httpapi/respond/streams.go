package respond

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"voc/internal/bound"
)

// streams bounds how many bodies are made for one request at a time, and how many of these use the
// processor.
type streams struct {
	all    *bound.Lanes
	making *bound.Lanes

	mu      sync.Mutex
	sending map[*Response]time.Time // whose clients are sent something, since when
	cut     time.Time               // when the last stream was cut
	waiting int                     // how many are in enter
}

// patience is how long a client waits before a stalled stream is cut for it.
const patience = 100 * time.Millisecond

func newStreams() *streams {
	return &streams{
		all:     bound.NewLanes(bound.Streams, patience),
		making:  bound.NewLanes(bound.StreamLanes(), bound.WriteProgress),
		sending: map[*Response]time.Time{},
	}
}

// enter waits until there are fewer streams than may be. It cuts one whose client takes nothing.
// Errors: bound.ErrBusy, and that of ctx.
func (s *streams) enter(ctx context.Context) error {
	s.mu.Lock()
	isLong := s.waiting >= bound.Line
	s.waiting++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.waiting--
	}()
	for waited := patience; ; waited += patience {
		err := s.all.Enter(ctx)
		if !errors.Is(err, bound.ErrBusy) || waited >= bound.StreamWait || isLong {
			return err
		}
		s.cutStalled()
	}
}

func (s *streams) leave() { s.all.Leave() }

// sends records that a client is sent something, until sent is called.
func (s *streams) sends(w *Response) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sending[w] = time.Now()
}

func (s *streams) sent(w *Response) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sending, w)
}

// cutStalled ends the write that has taken longest, if it is stalled, one at a time: each that
// waits calls it. A response in sending has not ended, so its connection serves no other one.
func (s *streams) cutStalled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.cut) < patience {
		return
	}
	var slowest *Response
	for w, since := range s.sending {
		if time.Since(since) >= bound.StalledAfter &&
			(slowest == nil || since.Before(s.sending[slowest])) {
			slowest = w
		}
	}
	if slowest == nil {
		return
	}
	delete(s.sending, slowest)
	s.cut = time.Now()
	_ = http.NewResponseController(slowest.out).SetWriteDeadline(time.Unix(1, 0))
}
