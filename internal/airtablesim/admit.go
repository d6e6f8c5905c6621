package airtablesim

import (
	"strings"
	"time"
)

// admit refuses a wrong token, a foreign base, a request too many and a token
// without the scope, in this order.
func (s *Server) admit(req *request) error {
	token, err := s.authenticate(req.Header.Get("Authorization"))
	switch {
	case err != nil:
		return err
	case req.base != "" && req.base != s.base.id:
		return errNoModel
	case req.base != "" && !s.allow():
		return errRate
	case (req.Kind == Schema || req.Kind == Bases) && token != s.cfg.Token:
		return errNoScope
	}
	return nil
}

func (s *Server) authenticate(header string) (token string, err error) {
	scheme, token, _ := strings.Cut(header, " ")
	switch {
	case !strings.EqualFold(scheme, "Bearer") || token == "":
		return "", errNoToken
	case token != s.cfg.Token && token != s.cfg.DataToken:
		return "", errBadToken
	}
	return token, nil
}

func (s *Server) allow() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limiter.allow(s.cfg.Clock())
}

// penalty is how long a base refuses every request after a breach of its rate
// (Airtable's rate limit page, 2026).
const penalty = 30 * time.Second

// limiter refuses the request that is one too many in any second, and all that
// come before 30 s have passed since the last refused one.
type limiter struct {
	rate   int // a second; negative: no limit
	recent window
	until  time.Time
}

func (l *limiter) allow(now time.Time) bool {
	if l.rate < 0 {
		return true
	}
	if l.recent.add(now) <= l.rate && !now.Before(l.until) {
		return true
	}
	l.until = now.Add(penalty)
	return false
}

// window holds the instants of the last second.
type window []time.Time

// add takes an instant in and gives the number in the second that ends with it.
func (w *window) add(now time.Time) int {
	old := 0
	for old < len(*w) && now.Sub((*w)[old]) >= time.Second {
		old++
	}
	*w = append((*w)[old:], now)
	return len(*w)
}
