package httpapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for the files below
	"encoding/base64"
	"sync"

	"voc/internal/httpapi/respond"
)

// docsPath is the page that explains every problem. The type of each problem contains it, so it
// must not change.
const docsPath = "/api/docs"

// Package apidoc generates the first two from one source.
var (
	//go:embed apidoc/openapi.json
	openAPI []byte
	//go:embed apidoc/docs.html
	docsPage []byte
	//go:embed apidoc/llms.txt
	llmsText []byte
)

// openAPI answers GET /api/openapi.json.
func (a *API) openAPI(r *request) (respond.Answer, error) {
	return static(r, openAPI, respond.Header{}), nil
}

// docs answers GET /api/docs.
func (a *API) docs(r *request) (respond.Answer, error) {
	return static(r, docsPage, respond.Header{
		ContentType:           "text/html; charset=utf-8",
		ContentSecurityPolicy: docsPolicy(),
		ReferrerPolicy:        "no-referrer",
	}), nil
}

// llms answers GET /llms.txt: how a language model asks this API.
func (a *API) llms(r *request) (respond.Answer, error) {
	return static(r, llmsText, respond.Header{ContentType: "text/plain; charset=utf-8"}), nil
}

// docsPolicy allows the page its own style and nothing else: no script, no request.
var docsPolicy = sync.OnceValue(func() string {
	_, style, _ := bytes.Cut(docsPage, []byte("<style>"))
	style, _, _ = bytes.Cut(style, []byte("</style>"))
	digest := sha256.Sum256(style)
	return "default-src 'none'; style-src 'sha256-" +
		base64.StdEncoding.EncodeToString(digest[:]) +
		"'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
})

// static answers with a part of the program.
func static(r *request, body []byte, header respond.Header) respond.Answer {
	validator := respond.Validator{ETag: weakTag(body)}
	if answer, ok := r.response.Cached(validator); ok {
		return answer
	}
	return respond.Answer{Header: header, Validator: validator, Body: respond.Bytes(body)}
}
