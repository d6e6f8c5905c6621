package httpapi

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"voc/internal/access"
	"voc/internal/bound"
)

// refusals counts rejected tokens and passwords. A minute after the first one it logs a line with
// the counts and begins again, so that an attack shows and does not fill the log.
type refusals struct {
	log *slog.Logger

	mu      sync.Mutex
	tokens  int            // wrong ones
	signIns int            // wrong passwords, and attempts that were throttled
	clients map[string]int // how often each client was rejected; at most maxClients
}

// maxClients is how many clients are told apart within a minute.
const maxClients = 1000

func newRefusals(log *slog.Logger) *refusals {
	return &refusals{log: log, clients: map[string]int{}}
}

// count counts err, the reason for which a request of a client was rejected, if it is a refusal.
func (c *refusals) count(err error, client string) {
	_, throttled := errors.AsType[access.ThrottledError](err)
	isToken := errors.Is(err, access.ErrWrongToken)
	if !isToken && !throttled && !errors.Is(err, access.ErrWrongPassword) &&
		!errors.Is(err, access.ErrLongPassword) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens+c.signIns == 0 {
		time.AfterFunc(bound.RefusalsInterval, c.write)
	}
	if isToken {
		c.tokens++
	} else {
		c.signIns++
	}
	if _, known := c.clients[client]; known || len(c.clients) < maxClients {
		c.clients[client]++
	}
}

func (c *refusals) write() {
	c.mu.Lock()
	defer c.mu.Unlock()
	most := ""
	for client, n := range c.clients {
		if n > c.clients[most] || n == c.clients[most] && client < most {
			most = client
		}
	}
	c.log.Warn("rejected credentials", "tokens", c.tokens, "sign_ins", c.signIns,
		"clients", len(c.clients), "most_from", most, "times", c.clients[most])
	c.tokens, c.signIns, c.clients = 0, 0, map[string]int{}
}
