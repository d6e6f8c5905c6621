package httpapi

import "net/http"

// What the contract allows a browser to do.
const (
	corsMethods = "GET, HEAD, POST, OPTIONS"
	corsHeaders = "Authorization, Cache-Control, Content-Type, Expires, If-None-Match, Pragma"
	corsExposed = "ETag, Last-Modified, Link, Location, Retry-After, " +
		"X-Next-Cursor, X-Unknown-Values, X-Total-Count, X-Data-As-Of, X-Data-Stale, " +
		"X-Snapshot, X-Request-Id"
	// seconds; Chromium caches a preflight no longer (its implementation of fetch, November 2026)
	corsMaxAge = "7200"
)

// setCORS sets the headers of every response to a page of an allowed origin. Other pages get none,
// and neither does a request with two Origin headers.
func (a *API) setCORS(header http.Header, r *http.Request) {
	origin := r.Header.Get("Origin")
	if len(r.Header.Values("Origin")) != 1 || !a.Access.Origins.Allow(origin) {
		return
	}
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Expose-Headers", corsExposed)
	if r.Method == http.MethodOptions {
		header.Set("Access-Control-Allow-Methods", corsMethods)
		header.Set("Access-Control-Allow-Headers", corsHeaders)
		header.Set("Access-Control-Max-Age", corsMaxAge)
	}
}
