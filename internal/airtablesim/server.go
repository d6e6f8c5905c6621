package airtablesim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// DemoToken is the token an emulator takes when its [Config] names none.
const DemoToken = "patEmulatorDemo.0123456789abcdef"

// Config says how an emulator behaves. The zero value is Airtable as it is,
// with live iterators.
type Config struct {
	// Token is the one token with all rights; "" is [DemoToken].
	Token string
	// DataToken, if any, is taken too, but lacks the scope schema.bases:read: the
	// lists of bases and of tables answer it with 403 INVALID_PERMISSIONS.
	DataToken string
	// Clock stamps answers and edits, and drives rate and iterators; nil is
	// [time.Now]. It is called from many goroutines, and must not call the server.
	Clock func() time.Time
	// Rate is how many requests the base takes in any second before it answers
	// 429 for 30 s; 0 is Airtable's 5, a negative one has no limit.
	Rate int
	// Latency passes on the real clock before each answer is worked out.
	Latency time.Duration
	// Freeze keeps a listing to the ids that were there at its first page;
	// otherwise each page is taken by position from what is there then, so that
	// edits under way shift rows: one may be missed, or come twice.
	Freeze bool
	// IteratorTTL is how long an unused iterator lives; 0 is 5 minutes, a guess.
	IteratorTTL time.Duration
}

// Server is one emulated Airtable. Its methods may be called at any time from
// any goroutine.
type Server struct {
	cfg  Config
	base *Base
	seed string // of the ids made here; another start makes others

	mu        sync.Mutex
	table     *table
	made      map[string]int // ids made here, by prefix
	iterators map[string]*iterator
	limiter   limiter
	arrivals  window
	counters  Counters
	faults    []Fault
	before    func(Call)
}

// New starts an emulator on a copy of the base. It has no goroutines and needs
// no end.
func New(b *Base, cfg Config) *Server {
	cfg.Token = cmp.Or(cfg.Token, DemoToken)
	cfg.Rate = cmp.Or(cfg.Rate, 5)
	cfg.IteratorTTL = cmp.Or(cfg.IteratorTTL, 5*time.Minute)
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	return &Server{
		cfg:       cfg,
		base:      b,
		seed:      fmt.Sprint(b.id, cfg.Clock().UnixNano()),
		table:     b.table.clone(),
		made:      map[string]int{},
		iterators: map[string]*iterator{},
		limiter:   limiter{rate: cfg.Rate},
		counters:  Counters{Calls: map[Kind]int{}},
	}
}

// Base is the base the emulator started with; it shows no later edits.
func (s *Server) Base() *Base { return s.base }

// ServeHTTP answers one request of the Web API. The order is Airtable's as far
// as it is known: route, token, base, rate, and only then what was asked.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req, err := find(r)
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

// prepare runs the hook and finds the fault of a call, if any.
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
	return s.strike(req.Call)
}

// respond works the answer out: the fault's, the error's or the real one.
func (s *Server) respond(req *request, fault Fault, err error) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := fault.answer()
	if a.status == 0 {
		a = s.work(req, fault, err)
	}
	if a.status == http.StatusTooManyRequests {
		s.counters.Throttled++
	}
	return a
}

func (s *Server) work(req *request, fault Fault, err error) answer {
	var body []byte
	if fault.dropIterators {
		clear(s.iterators)
	}
	if err == nil {
		body, err = req.handle(s, req)
	}
	if err == nil {
		return answer{status: http.StatusOK, body: body}
	}
	refused, ok := errors.AsType[*refusal](err)
	if !ok {
		refused = &refusal{status: http.StatusInternalServerError, kind: "SERVER_ERROR", message: err.Error()}
	}
	return refused.answer()
}

// Before sets a function that is called before each answer is worked out, once
// the call has passed token and rate; it may use all of the server's methods,
// to change the base under a listing. nil ends it. Calls may come at the same time.
func (s *Server) Before(hook func(Call)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = hook
}

// pause waits on the real clock, and ends the request when the client has gone.
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
