package httpapi_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"voc/internal/httpapi"
	"voc/internal/webui"
)

func TestOpenAPIIsServed(t *testing.T) {
	t.Parallel()
	s := newService(t, tokens)
	a := s.get("/api/openapi.json")
	a.is(t, 200)
	a.has(t, "Content-Type", "application/json", "Cache-Control", "no-cache")
	var document struct{ OpenAPI string }
	if a.decode(t, &document); document.OpenAPI != "3.1.0" {
		t.Errorf("it says openapi %q", document.OpenAPI)
	}
}

func TestDocsRevalidate(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, target := range []string{"/api/openapi.json", "/api/docs"} {
		first := s.get(target)
		again := s.get(target+"/?t=1", "If-None-Match", first.Header.Get("ETag"))
		if again.is(t, 304); again.body != "" {
			t.Errorf("%s: a 304 with %q", target, again.body)
		}
		again.has(t, "ETag", first.Header.Get("ETag"), "Cache-Control", "no-cache")
		s.get(target, "If-None-Match", `"another"`).is(t, 200)
	}
}

// loads are the ways in which a page makes a browser fetch something, or run what is in it.
var loads = regexp.MustCompile(
	`(?i)<(script|img|iframe|object|embed|base|link)[^>]*>|<style|@import|url\(| style=| on\w+="`,
)

// TestDocsPageLoadsOurs checks that the page loads the files of the web page and nothing else.
func TestDocsPageLoadsOurs(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a := s.get("/api/docs")
	ours := regexp.MustCompile(`(?:href|src)="(/app/\w+\.(?:css|js|svg))"`)
	for _, found := range loads.FindAllString(a.body, -1) {
		file := ours.FindStringSubmatch(found)
		if file == nil {
			t.Errorf("it has %s", found)
			continue
		}
		s.get(file[1]).is(t, 200)
	}
	a.has(
		t, "Content-Type", "text/html; charset=utf-8", "Referrer-Policy", "no-referrer",
		"X-Content-Type-Options", "nosniff", "Content-Security-Policy", webui.Policy,
	)
}

// TestDocsPageIsComplete looks for each call, each parameter, and each problem under its anchor.
func TestDocsPageIsComplete(t *testing.T) {
	t.Parallel()
	s := newService(t)
	body := s.get("/api/docs").body
	for _, code := range httpapi.ProblemCodes() {
		if !strings.Contains(body, `<article id="`+code+`">`) {
			t.Errorf("the problem %s is not explained", code)
		}
	}
	for _, r := range s.Routes() {
		if !strings.Contains(body, r.Path) {
			t.Errorf("%s %s is missing", r.Method, r.Path)
		}
		for name := range r.Parameters {
			if !strings.Contains(body, "<th><code>"+name+"</code>") {
				t.Errorf("%s %s: no parameter %s", r.Method, r.Path, name)
			}
		}
	}
	ids := regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(body, -1)
	var seen []string
	for _, id := range ids {
		if slices.Contains(seen, id[1]) {
			t.Errorf("%s is the id of two elements", id[1])
		}
		seen = append(seen, id[1])
	}
	for _, link := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(body, -1) {
		if !slices.Contains(seen, link[1]) {
			t.Errorf("a link leads to %s, which does not exist", link[1])
		}
	}
}
