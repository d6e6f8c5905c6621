package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"voc/internal/access"
	"voc/internal/bound"
	"voc/internal/feedback"
	"voc/internal/httpapi/respond"
	"voc/internal/job"
	"voc/internal/replica"
	"voc/internal/telemetry"
	"voc/internal/webui"
)

// Config is what an API is made of. All fields but Platform, MonthlyCalls, Telemetry and
// Proofs are required.
type Config struct {
	Replica      *replica.Replica
	Refresher    Refresher
	Access       access.Policy
	Privacy      feedback.Privacy // what readers never see
	Schedules    Schedules
	MonthlyCalls int       // the cap on Airtable calls per UTC month; 0: none
	Quota        job.Quota // Airtable's limits, for the forecast of calls
	// Due returns how many runs of each mode are due in the rest of the UTC month.
	Due      func(now time.Time) map[job.Mode]int
	Platform Platform
	Program  string // name and version: part of each ETag
	Now      func() time.Time
	Log      *slog.Logger

	Telemetry telemetry.Recorder // records each response

	// Proofs returns what shows that the data is right and can be restored; nil: nothing does.
	Proofs func(context.Context) (Proofs, error)
}

// API is the handler. It is safe for concurrent use.
type API struct {
	Config
	// The first request makes these, so that a program that serves none does not link them.
	routing sync.Once
	mux     *http.ServeMux
	pages   webui.Files

	writer  *respond.Writer
	users   *access.SignIn
	headers []fixedHeader
	tags    *bound.Cache[requestKey, taggedSnapshot]

	searches *bound.Lanes
	refusals *refusals

	deadlines [3]deadline          // of the modes that have a schedule
	interval  func() time.Duration // computed once; see Schedules.usualInterval
}

// fixedHeader is a header that every response has. Its name is in canonical form.
type fixedHeader struct {
	name   string
	values []string // shared: not to be changed
}

// New returns the handler.
func New(cfg Config) *API {
	a := &API{
		Config: cfg,
		writer: respond.NewWriter(cfg.Platform.maxBody()),
		users:  access.NewSignIn(cfg.Access.Users),
		tags:   bound.NewCache[requestKey, taggedSnapshot](cachedETags),

		headers: []fixedHeader{
			{"X-Content-Type-Options", []string{"nosniff"}},
			{"X-Robots-Tag", []string{"noindex"}},
			{"Vary", []string{"Origin, Accept, Accept-Encoding"}},
		},
		searches: bound.NewLanes(bound.SearchLanes(), bound.SearchWait),
		refusals: newRefusals(cfg.Log),
		deadlines: [...]deadline{
			{mode: job.Full, schedule: cfg.Schedules.Full},
			{mode: job.Sweep, schedule: cfg.Schedules.Sweep},
			{mode: job.Incremental, schedule: cfg.Schedules.Incremental},
		},
	}
	a.interval = sync.OnceValue(func() time.Duration {
		return a.Schedules.usualInterval(a.Now())
	})
	return a
}

// ServeHTTP passes a request to its endpoint. Each path has two spellings, with and without a
// trailing slash; http.ServeMux would redirect other spellings, which get a 404 here.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case !strings.HasPrefix(path, "/"), strings.Contains(path, "//"),
		strings.Contains(strings.ToUpper(r.URL.RawPath), "%2F"): // no name has a slash
		endpoint{api: a, absent: errNoRoute}.ServeHTTP(w, r)
		return
	case strings.Contains(path, "/."): // "." and ".." are names like others
		escaped := *r.URL
		escaped.RawPath = strings.ReplaceAll(r.URL.EscapedPath(), ".", "%2E")
		r = r.WithContext(r.Context())
		r.URL = &escaped
	}
	a.routing.Do(func() { a.mux, a.pages = a.newMux(), webui.Load() })
	a.mux.ServeHTTP(w, r)
}
