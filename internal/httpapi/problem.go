package httpapi

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"voc/internal/access"
	"voc/internal/bound"
	"voc/internal/httpapi/respond"
	"voc/internal/job"
	"voc/internal/replica"
	"voc/internal/snapshot"
)

var (
	errNoRoute = errors.New("no such path: see /api/docs for all paths")
	errNoRun   = errors.New("no such run: only the newest 200 are retained")
	errPanic   = errors.New("panic while answering")

	errLongQuery = fmt.Errorf("the query is longer than %d bytes: "+
		"use fewer or shorter filters", bound.QueryBytes)
	errLongLink = errors.New("the Link to the next page would be longer than 4,096 bytes: " +
		"use fewer or shorter filters, or a larger limit")
	errWrongHost = errors.New("this server listens on loopback and answers to local names only: " +
		"use http://localhost or an address such as 127.0.0.1")
	errSlowSearch = fmt.Errorf("the search took longer than %d s: use fewer or longer words, "+
		"or another sort than relevance", int(bound.SearchTime.Seconds()))
	errGone = errors.New("the snapshot of this cursor has been deleted: " +
		"begin again without the cursor")
	errUnfetched = errors.New("the snapshot cannot be fetched: retry in a moment")
	errUnserved  = errors.New("no snapshot can be served: see the warnings in /api/cache/")
	errExposed   = errors.New("the current snapshot was made before PRIVATE_FIELDS, READ_ACCESS or " +
		"FIELD_MAP hid what it shows, so it is not served: a run that maps it again is started " +
		"by itself; if it fails, run `voc refresh remap` or POST /api/cache/update-incremental")
	errEmpty = errors.New("no snapshot has been published yet: " +
		"start the first refresh with POST /api/cache/update-full, " +
		"or with the command `voc refresh full`, then retry")

	errUsersElsewhere = errors.New("users cannot be managed here: " +
		"they are configured in DASHBOARD_USERS and sign in with POST /api/users/auth")
	errNoChat = errors.New("this service has no chat: see /api/docs for what it serves")
)

const (
	needsToken = "send the header Authorization: Bearer with a token that has access"
	unread     = "the tokens or users could not be read from their store: " +
		"see the log, and retry in a moment"
	internal = "internal error: search the server's log for the request id"
)

// problems maps errors to responses; it is the only place that does. The detail of a problem is the
// error's own text if the table has none, because lower packages do not know settings and routes.
var problems = []struct {
	err    error
	status int
	code   string
	detail string
}{
	{errNoRoute, http.StatusNotFound, "no-such-path", ""},
	{snapshot.ErrNoRecord, http.StatusNotFound, "no-such-record", ""},
	{errNoRun, http.StatusNotFound, "no-such-run", ""},
	{access.ErrNoUsers, http.StatusNotFound, "no-dashboard-users",
		"DASHBOARD_USERS is not set, so no user can sign in: " +
			"set it to the users, each with the bcrypt hash of a password"},
	{errUsersElsewhere, http.StatusNotFound, "not-served", ""},
	{errNoChat, http.StatusNotFound, "not-served", ""},
	{errLongQuery, http.StatusRequestURITooLong, "query-too-long", ""},
	{errLongLink, http.StatusRequestURITooLong, "query-too-long", ""},
	{errWrongHost, http.StatusMisdirectedRequest, "wrong-host", ""},
	{respond.ErrTooLarge, http.StatusRequestEntityTooLarge, "answer-too-large",
		"the response is larger than this platform can send " +
			"(Lambda: 6 MB, after encoding and base64): request pages with limit, " +
			"or accept an encoding (Accept-Encoding: gzip)"},
	{access.ErrNoToken, http.StatusUnauthorized, "unauthorized", needsToken},
	{access.ErrWrongToken, http.StatusUnauthorized, "unauthorized", needsToken},
	{access.ErrNoClaims, http.StatusUnauthorized, "unauthorized",
		"no verified JWT claims: call through API Gateway, on a route with the JWT authorizer"},
	{access.ErrWrongPassword, http.StatusUnauthorized, "wrong-password", ""},
	{access.ErrLongPassword, http.StatusUnauthorized, "wrong-password", ""},
	{access.ErrNoAdmins, http.StatusForbidden, "no-admin-tokens",
		"ADMIN_TOKENS is not set, so no refresh can be started over HTTP: " +
			"set it and send one of its tokens as a bearer token"},
	{errEmpty, http.StatusServiceUnavailable, "no-snapshot-yet", ""},
	{errGone, http.StatusGone, "cursor-expired", ""},
	{errUnfetched, http.StatusServiceUnavailable, "snapshot-not-fetched", ""},
	{replica.ErrBusy, http.StatusServiceUnavailable, "snapshot-not-fetched",
		"clients read too many older snapshots at a time: " +
			"retry in a moment, or begin again without the cursor"},
	{bound.ErrBusy, http.StatusServiceUnavailable, "busy",
		"the server makes too many searches, long lists or sign-ins at a time: retry in a moment"},
	{errSlowSearch, http.StatusServiceUnavailable, "search-too-slow", ""},
	{errUnserved, http.StatusServiceUnavailable, "no-snapshot-served", ""},
	{errExposed, http.StatusServiceUnavailable, "snapshot-shows-too-much", ""},
	{job.ErrStopped, http.StatusServiceUnavailable, "stopping",
		"the server is stopping: retry in a moment"},
	{job.ErrNotStarted, http.StatusServiceUnavailable, "refresh-not-started",
		"the refresh could not be started: see the log, then retry or start it on its host"},
	{access.ErrTokensUnread, http.StatusServiceUnavailable, "tokens-unread", unread},
	{access.ErrUsersUnread, http.StatusServiceUnavailable, "tokens-unread", unread},
}

// retryAfter is when a client should retry an empty store: a first refresh of some thousand records
// takes about that long.
const retryAfter = 15 * time.Second

// problem is an error in the format of RFC 9457.
type problem struct {
	Type      string           `json:"type"`
	Title     string           `json:"title"`
	Status    int              `json:"status"`
	Detail    string           `json:"detail"`
	Errors    []parameterError `json:"errors,omitempty"`
	RequestID string           `json:"request_id,omitempty"`

	header respond.Header
}

// parameterError describes what is wrong with one parameter.
type parameterError struct {
	Parameter string `json:"parameter"`
	Detail    string `json:"detail"`
}

// badRequest lists everything that is wrong with the parameters of a request.
type badRequest []parameterError

func (b badRequest) Error() string { return fmt.Sprintf("%d wrong parameters", len(b)) }

// wrongMethod is the error of a path that has no such method.
type wrongMethod struct{ allow string }

func (w wrongMethod) Error() string { return "this path allows " + w.allow }

// newProblem returns the problem that an error is to a client.
func newProblem(err error) problem {
	if bad, ok := errors.AsType[badRequest](err); ok {
		p := describe(http.StatusBadRequest, "bad-parameter", bad[0].Parameter+": "+bad[0].Detail)
		p.Errors = bad
		return p
	}
	if wrong, ok := errors.AsType[wrongMethod](err); ok {
		p := describe(http.StatusMethodNotAllowed, "wrong-method", wrong.Error())
		p.header.Allow = wrong.allow
		return p
	}
	if throttled, ok := errors.AsType[access.ThrottledError](err); ok {
		p := describe(http.StatusTooManyRequests, "too-many-tries", fmt.Sprintf("too many failed "+
			"sign-in attempts within a minute for this email or from this address: retry in %d s",
			throttled.Seconds()))
		p.header.RetryAfter = strconv.Itoa(throttled.Seconds())
		return p
	}
	if loading, ok := errors.AsType[firstLoad](err); ok {
		return describe(http.StatusServiceUnavailable, "no-snapshot-yet", loading.Error())
	}
	for _, known := range problems {
		if errors.Is(err, known.err) {
			p := describe(known.status, known.code, cmp.Or(known.detail, known.err.Error()))
			if known.code == "busy" {
				p.header.RetryAfter = "2" // lanes are free again within seconds
			}
			return p
		}
	}
	return describe(http.StatusInternalServerError, "internal", internal)
}

// describe returns a problem whose type is a link to its entry in the documentation.
func describe(status int, code, detail string) problem {
	p := problem{
		Type: docsPath + "#" + code, Title: http.StatusText(status), Status: status, Detail: detail,
	}
	p.header.ContentType = "application/problem+json"
	switch status {
	case http.StatusServiceUnavailable:
		p.header.RetryAfter = strconv.Itoa(int(retryAfter.Seconds()))
	case http.StatusUnauthorized:
		p.header.Authenticate = `Bearer realm="voc"`
	}
	return p
}
