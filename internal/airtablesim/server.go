package airtablesim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"voc/internal/airtable"
	"voc/internal/airtablesim/formula"
)

// DemoToken is the token that an emulator accepts if its [Config] names none.
const DemoToken = "patEmulatorDemo.0123456789abcdef"

// Config is the configuration of an emulator. The zero value behaves like Airtable, with
// live iterators.
type Config struct {
	// Token is the one token with all rights; "" is [DemoToken].
	Token string
	// DataToken, if set, is accepted too, but lacks the scope schema.bases:read: the lists
	// of bases and of tables respond to it with 403 INVALID_PERMISSIONS.
	DataToken string
	// Clock sets the times of responses and edits, and drives the rate limit and iterators;
	// nil for [time.Now]. It is called concurrently, and must not call the server.
	Clock func() time.Time
	// Rate is how many requests the base accepts in any second before it responds with 429
	// for 30 s; 0 for Airtable's own limit, negative for no limit.
	Rate int
	// Latency is a delay, by the real clock, before each response is computed.
	Latency time.Duration
	// Freeze fixes the ids of a listing at its first page. Otherwise each page is taken by
	// position from the current records, so that edits during the listing shift records: one
	// may be missed, or returned twice.
	Freeze bool
	// IteratorTTL is how long an unused iterator lives; 0 for 5 minutes, which is a guess.
	IteratorTTL time.Duration
	// Reading is how formulas read what Airtable does not document.
	Reading formula.Reading
	// PageBytes is the longest body of a page; a longer one is 413. 0 for any length.
	PageBytes int
}

// Server is an emulated Airtable. It is safe for concurrent use.
type Server struct {
	cfg  Config
	base *Base
	seed string // of the ids created here; each start has another

	mu        sync.Mutex
	table     *table
	created   map[string]int // number of ids created here, by prefix
	iterators map[string]*iterator
	limiter   limiter
	arrivals  window
	counters  Counters
	faults    []Fault
	before    func(Call)

	// Set by the control path:
	whole        *table // before its first command; nil without one
	refuseTokens bool
}

// New returns an emulator that starts with a copy of the base. It has no goroutines and
// needs no closing.
func New(b *Base, cfg Config) *Server {
	cfg.Token = cmp.Or(cfg.Token, DemoToken)
	cfg.Rate = cmp.Or(cfg.Rate, airtable.RequestsPerSecond)
	cfg.IteratorTTL = cmp.Or(cfg.IteratorTTL, 5*time.Minute)
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	return &Server{
		cfg:       cfg,
		base:      b,
		seed:      fmt.Sprint(b.id, cfg.Clock().UnixNano()),
		table:     b.table.clone(),
		created:   map[string]int{},
		iterators: map[string]*iterator{},
		limiter:   limiter{rate: cfg.Rate},
		counters:  Counters{Calls: map[Kind]int{}},
	}
}

// Base returns the base that the emulator started with, without later edits.
func (s *Server) Base() *Base { return s.base }

// ServeHTTP serves the Web API. It checks a request in Airtable's order as far as that is
// known: route, token, base, rate, and then the parameters.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req, err := newRequest(r)
	s.arrive(&req.Call)
	if err == nil {
		err = s.admit(req)
	}
	pause(r.Context(), s.cfg.Latency)
	if err == nil {
		err = req.load()
	}
	var fault Fault
	if err == nil {
		fault = s.prepare(req)
	}
	pause(r.Context(), fault.Delay)
	s.deliver(w, r, s.respond(req, fault, err), fault)
}

// prepare calls the hook and returns the fault of a call, if any.
func (s *Server) prepare(req *request) Fault {
	s.mu.Lock()
	req.Page = s.pageOf(req)
	hook := s.before
	s.mu.Unlock()
	if hook != nil {
		hook(req.Call)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nextFault(req.Call)
}

// respond returns the response: that of the fault, of the error, or the real one.
func (s *Server) respond(req *request, fault Fault, err error) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := fault.answer()
	if a.status == 0 {
		a = s.compute(req, fault, err)
	}
	if a.status == http.StatusTooManyRequests {
		s.counters.Throttled++
	}
	return a
}

func (s *Server) compute(req *request, fault Fault, err error) answer {
	var body []byte
	if fault.dropIterators {
		clear(s.iterators)
	}
	if fault.Endless {
		req.query.first = true
	}
	if err == nil {
		body, err = req.handle(s, req)
	}
	if err == nil {
		return answer{http.StatusOK, fault.Header, fault.alter(body, req.Number)}
	}
	refused, ok := errors.AsType[*refusal](err)
	if !ok {
		refused = &refusal{status: http.StatusInternalServerError, kind: "SERVER_ERROR",
			message: err.Error()}
	}
	return refused.answer()
}

// Before sets a function that is called before each response is computed, once the
// request has passed the checks of token and rate. It may use all methods of the server,
// for example to change the base during a listing. It may be called concurrently; nil
// removes it.
func (s *Server) Before(hook func(Call)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = hook
}

// pause waits by the real clock, and aborts the request if the client disconnects.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
}
