package airtablesim

import (
	"strings"
	"time"
)

// admit rejects a wrong token, another base, a request beyond the rate limit and a token
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
	s.mu.Lock()
	defer s.mu.Unlock()
	scheme, token, _ := strings.Cut(header, " ")
	switch {
	case !strings.EqualFold(scheme, "Bearer") || token == "":
		return "", errNoToken
	case token != s.cfg.Token && token != s.cfg.DataToken, s.refuseTokens:
		return "", errBadToken
	}
	return token, nil
}

func (s *Server) allow() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limiter.allow(s.cfg.Clock())
}

// penalty is how long a base rejects every request after its rate limit was exceeded
// (https://airtable.com/developers/web/api/rate-limits, November 2026).
const penalty = 30 * time.Second

// limiter rejects the request that exceeds the limit in any second, and every request
// within 30 s of the last rejected one.
type limiter struct {
	rate   int // per second; negative for no limit
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

// window holds the times of the last second.
type window []time.Time

// add adds a time and returns how many lie in the second that ends with it.
func (w *window) add(now time.Time) int {
	old := 0
	for old < len(*w) && now.Sub((*w)[old]) >= time.Second {
		old++
	}
	*w = append((*w)[old:], now)
	return len(*w)
}
