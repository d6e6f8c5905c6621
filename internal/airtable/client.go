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

// DefaultURL is where Airtable's Web API is.
const DefaultURL = "https://api.airtable.com"

// Config says which base a [Client] asks, and how.
type Config struct {
	// URL of the Web API, without the version; empty: DefaultURL.
	URL string
	// Token returns the access token. It is asked before each try, so that a
	// rotated token is picked up; it should cache.
	Token func(context.Context) (string, error)
	// Base is the id of the base, app….
	Base string
	// Pacer spaces the calls; nil: the one of this URL and base, shared by all
	// clients of the process. Tests in a synctest bubble give one of their own:
	// the shared ones would carry times from one bubble to the next.
	Pacer *Pacer
	// HTTP sends the requests; nil: a transport of this package, with limits on
	// dialling, the TLS handshake and the wait for an answer's header. A try is
	// limited as a whole whichever is used.
	HTTP http.RoundTripper
	// Log gets a Debug line for each page, a Warn line for each retry and each
	// listing that starts again; nil: none.
	Log *slog.Logger
	// UserAgent names the program to Airtable; empty: Go's own.
	UserAgent string
}

// Client asks one base. It is safe for concurrent use, and needs no closing.
//
// Its methods fail with an [*Error] when Airtable or the way there is at fault; with one
// that matches the context's error when that is done, or its deadline comes before the
// next try may be made (what went wrong before is then in the chain); and without a call
// when there is no usable token.
type Client struct {
	url      string
	base     string
	agent    string
	token    func(context.Context) (string, error)
	pacer    *Pacer
	http     http.RoundTripper
	log      *slog.Logger
	tryLimit time.Duration

	calls, retries, throttled atomic.Int64
	budget                    atomic.Int64 // what calls may come to
}

// New returns a client for the base of cfg. It makes no call: a wrong URL, token or
// base shows at the first one.
func New(cfg Config) *Client {
	c := &Client{
		url:      strings.TrimRight(cmp.Or(cfg.URL, DefaultURL), "/"),
		base:     cfg.Base,
		agent:    cfg.UserAgent,
		token:    cfg.Token,
		pacer:    cfg.Pacer,
		http:     cfg.HTTP,
		log:      cfg.Log,
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
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	return c
}

// String says nothing about c, so that no format prints what its parts may hold.
func (c *Client) String() string { return "airtable client" }

// Counts are what a client has done since it was made.
type Counts struct {
	Calls     int // requests sent, retries included: what Airtable may charge for
	Retries   int // of these, how many repeated one that had failed
	Throttled int // answers with status 429, the monthly quota's included
}

// Counts returns the totals so far.
func (c *Client) Counts() Counts {
	return Counts{
		Calls:     int(c.calls.Load()),
		Retries:   int(c.retries.Load()),
		Throttled: int(c.throttled.Load()),
	}
}

// ErrBudget is why a call was not sent: as many as Allow has allowed were.
var ErrBudget = errors.New("airtable: not sent, since no more calls may be made")

// Allow bounds the calls that are sent from now on, retries included; a negative n is no bound. It is for a client whose calls are one caller's.
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
	Email  string    `json:"email"`  // only with the scope user.email:read
	Scopes []string  `json:"scopes"` // only for OAuth tokens
	Date   time.Time `json:"-"`      // Airtable's clock; zero when it did not say
}

// Whoami asks whose the token is. It needs no scope and no base, which makes it the
// cheapest test of a token.
func (c *Client) Whoami(ctx context.Context) (Identity, error) {
	var who Identity
	err := c.do(ctx, call{
		method: http.MethodGet,
		path:   "/v0/meta/whoami",
		read: func(a answer) error {
			who = Identity{Date: a.date}
			if err := decode(a, &who); err != nil {
				return err
			}
			if who.ID == "" {
				return errors.New("it names no user")
			}
			return nil
		},
	})
	return who, err
}

// Schema asks for the tables and fields of the base. The token needs the scope
// schema.bases:read, else the status of the [*Error] is 403.
func (c *Client) Schema(ctx context.Context) (Schema, error) {
	var schema Schema
	err := c.do(ctx, call{
		method: http.MethodGet,
		path:   "/v0/meta/bases/" + url.PathEscape(c.base) + "/tables",
		scope:  "schema.bases:read",
		read: func(a answer) error {
			schema = Schema{Date: a.date}
			if err := decode(a, &schema); err != nil {
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
