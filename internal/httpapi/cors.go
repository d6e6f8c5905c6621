package httpapi

import (
	"net/http"
	"slices"
	"strings"
)

// What the contract lets a browser do.
const (
	corsMethods = "GET, HEAD, POST, OPTIONS"
	corsHeaders = "Authorization, Cache-Control, Content-Type, Expires, If-None-Match, Pragma"
	corsExposed = "ETag, Last-Modified, Link, Location, Retry-After, X-Total-Count, X-Data-As-Of, X-Data-Stale, X-Snapshot, X-Request-Id"
	corsMaxAge  = "7200" // seconds; Chromium keeps a preflight no longer (fetch standard's implementations, November 2026)
)

// cors knows the origins whose pages may read answers.
type cors struct {
	exact     []string
	wildcards []wildcard
}

// wildcard is an origin with one label left open: what stands before and after it.
type wildcard struct{ before, after string }

func newCORS(origins []string) (c cors) {
	for _, origin := range origins {
		if before, after, ok := strings.Cut(origin, "*"); ok {
			c.wildcards = append(c.wildcards, wildcard{before, after})
		} else {
			c.exact = append(c.exact, origin)
		}
	}
	return c
}

// apply sets the headers of every answer to a page of an allowed origin. Others get none, and so does who says to be of two.
func (c cors) apply(header http.Header, r *http.Request) {
	origin := r.Header.Get("Origin")
	if len(r.Header.Values("Origin")) != 1 || !c.allows(origin) {
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

func (c cors) allows(origin string) bool {
	return slices.Contains(c.exact, origin) || slices.ContainsFunc(c.wildcards, func(w wildcard) bool {
		label, ok := strings.CutPrefix(origin, w.before)
		label, end := strings.CutSuffix(label, w.after)
		return ok && end && isLabel(label)
	})
}

// isLabel says whether s is one label of a host's name.
func isLabel(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}
