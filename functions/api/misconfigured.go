package main

import (
	"encoding/json"
	"net/http"
	"strings"

	"voc/internal/access"
)

// misconfigured serves in place of the API if the environment of the function is wrong. A process
// that exits at startup would be a 500 without a reason: here each request is a 503 that names the
// variables, never their values.
type misconfigured struct {
	variables []string
	origins   access.Origins // that CORS_ORIGINS allows, as far as it can be read
}

// ServeHTTP implements http.Handler. GET /api/live is 200: the process is alive.
func (m misconfigured) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Vary", "Origin, Accept, Accept-Encoding")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Robots-Tag", "noindex")
	if origin := r.Header.Get("Origin"); m.origins.Allow(origin) {
		header.Set("Access-Control-Allow-Origin", origin)
	}
	switch {
	case r.Method == http.MethodOptions:
		header.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS")
		header.Set("Access-Control-Allow-Headers",
			"Authorization, Cache-Control, Content-Type, Expires, If-None-Match, Pragma")
		w.WriteHeader(http.StatusNoContent)
	case strings.TrimSuffix(r.URL.Path, "/") == "/api/live":
		m.write(w, http.StatusOK, "application/json", map[string]any{"status": "ok"})
	default:
		header.Set("Retry-After", "60")
		m.write(w, http.StatusServiceUnavailable, "application/problem+json", map[string]any{
			"type":   "/api/docs#misconfigured",
			"title":  http.StatusText(http.StatusServiceUnavailable),
			"status": http.StatusServiceUnavailable,
			"detail": "the environment of the API function is wrong: correct " +
				strings.Join(m.variables, ", ") + "; the function's log has the reasons",
		})
	}
}

func (misconfigured) write(w http.ResponseWriter, status int, contentType string, body any) {
	text, _ := json.Marshal(body) // texts and a number cannot fail
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}
