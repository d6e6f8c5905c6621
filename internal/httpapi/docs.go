package httpapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for the files below
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"sync"
)

// docsPath is the page that explains every problem. It is a part of each problem's type, and so stays as it is.
const docsPath = "/api/docs"

// Both are made by package apidoc, of one source.
var (
	//go:embed apidoc/openapi.json
	openAPI []byte
	//go:embed apidoc/docs.html
	docsPage []byte
)

// docsPolicy lets the page be shown with the style that it holds, and nothing else: no script, no request.
var docsPolicy = sync.OnceValue(func() string {
	_, style, _ := bytes.Cut(docsPage, []byte("<style>"))
	style, _, _ = bytes.Cut(style, []byte("</style>"))
	digest := sha256.Sum256(style)
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) +
		"'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
})

// openAPIDocument answers GET /api/openapi.json.
func (a *API) openAPIDocument(w *response, r *request) error {
	return unchanging(w, r, "application/json", openAPI)
}

// docs answers GET /api/docs.
func (a *API) docs(w *response, r *request) error {
	w.Header().Set("Content-Security-Policy", docsPolicy())
	w.Header().Set("Referrer-Policy", "no-referrer")
	return unchanging(w, r, "text/html; charset=utf-8", docsPage)
}

// unchanging answers with what is part of the program.
func unchanging(w *response, r *request, contentType string, body []byte) error {
	digest := sha256.Sum256(body)
	tag := `W/"` + hex.EncodeToString(digest[:12]) + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "no-cache")
	if matches(r.list("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	w.Header().Set("Content-Type", contentType)
	return w.send(r, http.StatusOK, body)
}
