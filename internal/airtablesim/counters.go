package airtablesim

import "maps"

// Counters are the totals of an emulator since its start.
type Counters struct {
	Calls     map[Kind]int // requests, including rejected ones; "" for those without a route
	Throttled int          // responses with 429, by the rate limit or by script
	Pages     int          // of listings
	Records   int          // in those pages
	Peak      int          // most requests of all kinds in one second
}

// Total returns the number of requests.
func (c Counters) Total() (n int) {
	for _, calls := range c.Calls {
		n += calls
	}
	return n
}

// Counters returns the totals so far.
func (s *Server) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counters
	c.Calls = maps.Clone(c.Calls)
	return c
}

// arrive counts a request and sets its number.
func (s *Server) arrive(c *Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counters.Calls[c.Kind]++
	c.Number = s.counters.Total()
	s.counters.Peak = max(s.counters.Peak, s.arrivals.add(s.cfg.Clock()))
}
