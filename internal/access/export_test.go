package access

import (
	"context"

	"voc/internal/bound"
)

// EnterLanes takes all lanes of password hashes.
func (s *SignIn) EnterLanes() {
	for range bound.PasswordLanes() {
		_ = s.lanes.Enter(context.Background())
	}
}

// Keys returns how many emails, clients and pairs are remembered.
func (s *SignIn) Keys() int { return s.throttle.entries.Len() }
