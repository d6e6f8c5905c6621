package airtable

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// DefaultURL is the address of Airtable's Web API.
const DefaultURL = "https://api.airtable.com"

// Config is the configuration of a [Client].
type Config struct {
	// URL of the Web API, without the version; empty for DefaultURL.
	URL string
	// Token returns the access token. It is called before each try, so that a rotated token
	// takes effect; it should cache.
	Token func(context.Context) (string, error)
	// Base is the id of the base, app….
	Base string
	// Pacer spaces the calls; nil for the pacer of this URL and base, which all clients of
	// the process share. Tests in a synctest bubble set their own: a shared one would carry
	// times from one bubble to the next.
	Pacer *Pacer
	// HTTP sends the requests; nil for a transport of this package, which limits dialling,
	// the TLS handshake and the wait for response headers. In both cases, the duration of a
	// whole try is limited.
	HTTP http.RoundTripper
	// Log receives a Debug line for each page and a Warn line for each retry and each
	// restart of a listing; nil for no log.
	Log *slog.Logger
	// Now is this host's clock. A date of Airtable that is more than 24 hours ahead of it is
	// not trusted: the host's time is used instead, with a warning. So a watermark is at
	// most that far ahead, and a host whose clock is slow reads more than it needs. If Now
	// is nil, every date is trusted.
	Now func() time.Time
	// UserAgent identifies the program to Airtable; empty for Go's own.
	UserAgent string
}

// Client reads one base. It is safe for concurrent use and needs no closing.
//
// Its methods return an [*Error] if Airtable or the network failed. They return an error
// that matches the context's if the context is done, or if its deadline is earlier than
// the next try may be made ([ErrTooLate]); the failure of the last try is then in the
// chain. Without a usable token they return [ErrToken] and send nothing.
type Client struct {
	url      string
	base     string
	agent    string
	token    func(context.Context) (string, error)
	pacer    *Pacer
	http     http.RoundTripper
	log      *slog.Logger
	now      func() time.Time // nil for none
	tryLimit time.Duration
	dials    bool // http says when it has a connection

	latency atomic.Int64 // of the last call that succeeded, from its turn to the last byte

	calls, retries, throttled atomic.Int64
	budget                    atomic.Int64 // upper bound of calls
}

// New returns a client for the base of cfg. It makes no call: a wrong URL, token or base
// is reported by the first call.
func New(cfg Config) *Client {
	c := &Client{
		url:      strings.TrimRight(cmp.Or(cfg.URL, DefaultURL), "/"),
		base:     cfg.Base,
		agent:    cfg.UserAgent,
		token:    cfg.Token,
		pacer:    cfg.Pacer,
		http:     cfg.HTTP,
		log:      cfg.Log,
		now:      cfg.Now,
		tryLimit: tryLimit,
	}
	c.budget.Store(math.MaxInt64)
	if c.token == nil {
		c.token = func(context.Context) (string, error) { return "", nil }
	}
	if c.pacer == nil {
		c.pacer = PacerFor(c.url + " " + c.base)
	}
	if c.http == nil {
		c.http = sharedTransport()
	}
	_, c.dials = c.http.(*http.Transport)
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	return c
}

// String returns a constant, so that no format verb prints the fields of c.
func (c *Client) String() string { return "airtable client" }

// Counts are the totals of a client since it was created.
type Counts struct {
	Calls     int // requests sent, including retries: what Airtable may charge for
	Retries   int // of these, how many repeated a failed one
	Throttled int // responses with status 429, including those for the monthly quota
}

// Counts returns the totals so far.
func (c *Client) Counts() Counts {
	return Counts{
		Calls:     int(c.calls.Load()),
		Retries:   int(c.retries.Load()),
		Throttled: int(c.throttled.Load()),
	}
}

// ErrBudget is the error of a call that was not sent because the calls set by Allow are
// used up.
var ErrBudget = errors.New("airtable: not sent: no more calls may be made")

// Allow limits the calls sent from now on, including retries; a negative n removes the
// limit. It is meant for a client with one caller at a time; a listing in parts is one.
func (c *Client) Allow(n int) {
	if n < 0 {
		c.budget.Store(math.MaxInt64)
		return
	}
	c.budget.Store(c.calls.Load() + int64(n))
}

// Identity is the owner of a token.
type Identity struct {
	ID     string    `json:"id"`     // usr…
	Email  string    `json:"email"`  // only with scope user.email:read
	Scopes []string  `json:"scopes"` // only for OAuth tokens
	Date   time.Time `json:"-"`      // Airtable's clock; zero if the response had none
}

// Whoami returns the owner of the token. It needs no scope and no base, which makes it
// the cheapest test of a token.
func (c *Client) Whoami(ctx context.Context) (Identity, error) {
	var owner Identity
	err := c.do(ctx, call{
		method: http.MethodGet,
		path:   "/v0/meta/whoami",
		read: func(r response) error {
			owner = Identity{Date: r.date}
			if err := decode(r, &owner); err != nil {
				return err
			}
			if owner.ID == "" {
				return errors.New("it has no user id")
			}
			return nil
		},
	})
	return owner, err
}

// Schema returns the tables and fields of the base. The token needs scope
// schema.bases:read; without it, the status of the [*Error] is 403.
func (c *Client) Schema(ctx context.Context) (Schema, error) {
	var schema Schema
	err := c.do(ctx, call{
		method: http.MethodGet,
		path:   "/v0/meta/bases/" + url.PathEscape(c.base) + "/tables",
		scope:  "schema.bases:read",
		read: func(r response) error {
			schema = Schema{Date: r.date, Warnings: r.warnings}
			if err := decode(r, &schema); err != nil {
				return err
			}
			if schema.Tables == nil {
				return errors.New("it has no tables")
			}
			return nil
		},
	})
	return schema, err
}
