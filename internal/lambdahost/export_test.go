package lambdahost

import "time"

// Clock sets what tells the time.
func (s *Settings) Clock(now func() time.Time) { s.now = now }
