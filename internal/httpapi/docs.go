package httpapi

import (
	_ "embed" // for the files below
	"slices"

	"voc/internal/httpapi/respond"
	"voc/internal/snapshot"
	"voc/internal/webui"
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

// page answers GET / and GET /app/…: the page of package webui, or one of its files.
func (a *API) page(r *request) (respond.Answer, error) {
	file, ok := a.pages.Find(r.PathValue("name"))
	if !ok {
		return respond.Answer{}, errNoRoute
	}
	best := respond.Encoded{Bytes: file.Body, Encoding: snapshot.Identity}
	if slices.Contains(r.response.Accepted(), snapshot.Gzip) && len(file.Gzip()) < len(file.Body) {
		best = respond.Encoded{Bytes: file.Gzip(), Encoding: snapshot.Gzip}
	}
	return respond.Answer{
		Header:    pageHeader(file.ContentType),
		Validator: respond.Validator{ETag: weakTag(file.Body)},
		Body:      best,
	}, nil
}

// pageHeader allows a page what package webui has, and nothing else.
func pageHeader(contentType string) respond.Header {
	return respond.Header{
		ContentType: contentType, ContentSecurityPolicy: webui.Policy, ReferrerPolicy: "no-referrer",
	}
}

// The types of the texts above.
const (
	htmlText  = "text/html; charset=utf-8"
	plainText = "text/plain; charset=utf-8" // llmsText tells a language model how to ask this API
)

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
