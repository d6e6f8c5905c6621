package httpapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for the files below
	"encoding/base64"

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

// plainText is the type of llmsText, which tells a language model how to ask this API.
const plainText = "text/plain; charset=utf-8"

// static returns the handler that answers with a part of the program.
func static(body []byte, header respond.Header) func(*request) (respond.Answer, error) {
	return func(r *request) (respond.Answer, error) {
		validator := respond.Validator{ETag: weakTag(body)}
		if answer, ok := r.response.Cached(validator); ok {
			return answer, nil
		}
		return respond.Answer{
			Header: header, Validator: validator, Body: respond.Bytes(body),
		}, nil
	}
}

// docsHeader allows the page its own style and nothing else: no script, no request.
func docsHeader() respond.Header {
	_, style, _ := bytes.Cut(docsPage, []byte("<style>"))
	style, _, _ = bytes.Cut(style, []byte("</style>"))
	digest := sha256.Sum256(style)
	return respond.Header{
		ContentType: "text/html; charset=utf-8",
		ContentSecurityPolicy: "default-src 'none'; style-src 'sha256-" +
			base64.StdEncoding.EncodeToString(digest[:]) +
			"'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		ReferrerPolicy: "no-referrer",
	}
}
