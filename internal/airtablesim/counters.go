package airtablesim

import "maps"

// Counters tell what an emulator has been asked for since it started.
type Counters struct {
	Calls     map[Kind]int // requests that came, the refused ones too; "" for those without a route
	Throttled int          // answers with 429, for the rate or by script
	Pages     int          // of listings
	Records   int          // in those pages
	Peak      int          // most requests of any kind in one second
}

// Total is the number of requests that came.
func (c Counters) Total() (n int) {
	for _, calls := range c.Calls {
		n += calls
	}
	return n
}

// Counters gives the numbers so far.
func (s *Server) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counters
	c.Calls = maps.Clone(c.Calls)
	return c
}

// arrive counts a request and gives it its number.
func (s *Server) arrive(c *Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counters.Calls[c.Kind]++
	c.Number = s.counters.Total()
	s.counters.Peak = max(s.counters.Peak, s.arrivals.add(s.cfg.Clock()))
}
