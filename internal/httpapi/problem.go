package httpapi

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"voc/internal/access"
	"voc/internal/job"
	"voc/internal/snapshot"
)

var (
	errNoRoute   = errors.New("there is nothing at this path: /api/docs lists those there are")
	errLongQuery = fmt.Errorf("the query is longer than %d bytes: ask for less at once", longestQuery)
	errPanic     = errors.New("a request panicked")
	errNoRun     = errors.New("no such run: only the newest 200 are kept")
	errGone      = errors.New("the snapshot that this cursor walks is no longer kept: begin again without the cursor")
	errUnfetched = errors.New("the snapshot that this cursor walks can not be fetched just now: ask again in a moment")
	errUnserved  = errors.New("no snapshot can be served: the warnings in /api/cache/ say why")
	errEmpty     = errors.New("no snapshot has been published yet: run the first refresh with POST /api/cache/update-full, or with the command `server refresh full`, and ask again")

	errUsersElsewhere = errors.New("users are not managed here: they are kept in the configuration, in DASHBOARD_USERS, and sign in with POST /api/users/auth")
	errNoChat         = errors.New("this service has no chat: it serves feedback, and /api/docs lists how")
)

// retryEmpty is when a client may ask an empty store again: a first refresh of some thousand records takes about that long.
const retryEmpty = 15 * time.Second

// known is the one place where an error gets its status. What is not in it is a 500 that tells nothing. A problem's text is that
// of details, or else the error's own.
var known = []struct {
	err    error
	status int
	code   string
}{
	{errNoRoute, http.StatusNotFound, "no-such-path"},
	{snapshot.ErrNoRecord, http.StatusNotFound, "no-such-record"},
	{errNoRun, http.StatusNotFound, "no-such-run"},
	{access.ErrNoUsers, http.StatusNotFound, "no-dashboard-users"},
	{errUsersElsewhere, http.StatusNotFound, "not-served"},
	{errNoChat, http.StatusNotFound, "not-served"},
	{errLongQuery, http.StatusRequestURITooLong, "query-too-long"},
	{errTooLarge, http.StatusRequestEntityTooLarge, "answer-too-large"},
	{access.ErrNoToken, http.StatusUnauthorized, "unauthorized"},
	{access.ErrWrongToken, http.StatusUnauthorized, "unauthorized"},
	{access.ErrNoClaims, http.StatusUnauthorized, "unauthorized"},
	{access.ErrWrongPassword, http.StatusUnauthorized, "wrong-password"},
	{access.ErrNoAdmins, http.StatusForbidden, "no-admin-tokens"},
	{errEmpty, http.StatusServiceUnavailable, "no-snapshot-yet"},
	{errGone, http.StatusGone, "cursor-expired"},
	{errUnfetched, http.StatusServiceUnavailable, "snapshot-not-fetched"},
	{errUnserved, http.StatusServiceUnavailable, "no-snapshot-served"},
	{job.ErrStopped, http.StatusServiceUnavailable, "stopping"},
	{job.ErrNotStarted, http.StatusServiceUnavailable, "refresh-not-started"},
	{access.ErrTokensUnread, http.StatusServiceUnavailable, "tokens-unread"},
	{access.ErrUsersUnread, http.StatusServiceUnavailable, "tokens-unread"},
}

const (
	needsToken     = "this needs the header Authorization: Bearer, with a token that may do it"
	secretsNotRead = "the secrets that this takes could not be read where they are kept: " +
		"the log says why; ask again in a moment"
)

// details are the texts of errors that know nothing of this API and its settings.
var details = map[error]string{
	access.ErrNoToken:    needsToken,
	access.ErrWrongToken: needsToken,
	access.ErrNoAdmins: "ADMIN_TOKENS is not set, so no refresh can be started over HTTP: " +
		"set it and send one of its tokens as a bearer token",
	access.ErrNoClaims: "no verified JWT claims: call through API Gateway, " +
		"on a route with the JWT authorizer",
	access.ErrTokensUnread: secretsNotRead,
	access.ErrUsersUnread:  secretsNotRead,
	access.ErrNoUsers: "DASHBOARD_USERS is not set, so no user can sign in: " +
		"set it to the users, each with the bcrypt hash of a password",
	access.ErrWrongPassword: "there is no user with this email and this password",
	job.ErrStopped:          "the server is stopping: ask again in a moment",
	job.ErrNotStarted: "the refresh could not be started: the log says why; " +
		"ask again, or start it where it runs",
}

func throttledDetail(t access.ThrottledError) string {
	return fmt.Sprintf("more than %d sign-in attempts within a minute for this email or from this address: "+
		"wait %d s", access.MaxAttempts, t.Seconds())
}

// problem is an error as RFC 9457 has it.
type problem struct {
	Type      string           `json:"type"`
	Title     string           `json:"title"`
	Status    int              `json:"status"`
	Detail    string           `json:"detail"`
	Errors    []parameterError `json:"errors,omitempty"`
	RequestID string           `json:"request_id,omitempty"`
}

// parameterError is what is wrong with one parameter.
type parameterError struct {
	Parameter string `json:"parameter"`
	Detail    string `json:"detail"`
}

// badRequest holds all that is wrong with a request's parameters.
type badRequest []parameterError

func (b badRequest) Error() string { return fmt.Sprintf("%d parameters are wrong", len(b)) }

// wrongMethod is a path that is there, asked in another way.
type wrongMethod struct{ allow string }

func (w wrongMethod) Error() string { return "this path takes " + w.allow }

// newProblem has the code's entry in the page of the documentation as its type, which a browser can follow.
func newProblem(status int, code, detail string) problem {
	return problem{Type: docsPath + "#" + code, Title: http.StatusText(status), Status: status, Detail: detail}
}

// describe finds the problem that an error is.
func describe(err error) problem {
	if bad, ok := errors.AsType[badRequest](err); ok {
		p := newProblem(http.StatusBadRequest, "bad-parameter", bad[0].Parameter+": "+bad[0].Detail)
		p.Errors = bad
		return p
	}
	if wrong, ok := errors.AsType[wrongMethod](err); ok {
		return newProblem(http.StatusMethodNotAllowed, "wrong-method", wrong.Error())
	}
	if throttled, ok := errors.AsType[access.ThrottledError](err); ok {
		return newProblem(http.StatusTooManyRequests, "too-many-tries", throttledDetail(throttled))
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			return newProblem(k.status, k.code, cmp.Or(details[k.err], k.err.Error()))
		}
	}
	return newProblem(http.StatusInternalServerError, "internal", "something unexpected went wrong: look for the request id in the server's log")
}

// fail answers with a problem, or cuts an answer off that has begun: half of one must not look whole. Either way, a client that went away is no fault of ours.
func (a *API) fail(w *response, r *request, err error) {
	p := describe(err)
	gone := (w.lost || r.Context().Err() != nil) && !errors.Is(err, errPanic)
	switch {
	case errors.Is(err, job.ErrNotStarted):
		a.Log.ErrorContext(r.Context(), "a refresh was not started", "request", r.id, "error", err)
	case p.Status != http.StatusInternalServerError:
	case gone:
		a.Log.DebugContext(r.Context(), "a client went away", "request", r.id, "path", r.URL.Path, "error", err)
	default:
		a.Log.ErrorContext(r.Context(), "a request failed", "request", r.id, "path", r.URL.Path, "error", err)
	}
	if w.begun {
		panic(http.ErrAbortHandler)
	}
	a.refuse(w, r, p, err)
}

func (a *API) refuse(w *response, r *request, p problem, err error) {
	header := w.Header()
	for _, name := range []string{"ETag", "Last-Modified", "Content-Encoding", "Content-Disposition", "X-Total-Count", "Link"} {
		header.Del(name)
	}
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	switch p.Status {
	case http.StatusInternalServerError:
		p.RequestID = r.id
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", strconv.Itoa(int(retryEmpty.Seconds())))
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", `Bearer realm="voc"`)
	}
	if wrong, ok := errors.AsType[wrongMethod](err); ok {
		header.Set("Allow", wrong.allow)
	}
	if throttled, ok := errors.AsType[access.ThrottledError](err); ok {
		header.Set("Retry-After", strconv.Itoa(throttled.Seconds()))
	}
	body, _ := json.Marshal(p)                  // texts and numbers
	_ = w.send(r, p.Status, append(body, '\n')) // a client that went away is not our fault
}
