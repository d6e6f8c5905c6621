package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"voc/internal/access"
	"voc/internal/feedback"
	"voc/internal/httpapi"
	"voc/internal/job"
)

// A snapshot that shows more than is allowed is a 503 that says what to do, its cursors are
// not followed, and one can neither see it among the snapshots nor roll back to it.
func TestExposedSnapshot(t *testing.T) {
	t.Parallel()
	s := newService(t, tokens, func(c *httpapi.Config) { c.Access.Reads = access.PublicReads })
	first := s.publish(few(), fullRun())
	page := s.get("/api/feedback/?limit=1")
	page.is(t, 200)
	cursor := page.Header.Get("X-Next-Cursor")
	s.Privacy = feedback.Privacy{Fields: []string{"Secret Plan"}}
	s.replica.Hiding(s.Privacy)
	second := s.publish(others(), nextRun(job.Full, "b", time.Second))
	next := "/api/feedback/?limit=1&cursor=" + cursor
	for _, path := range []string{
		"/api/feedback/", "/api/feedback/recA", "/api/feedback/facets", "/api/customer-pulse/", next,
	} {
		a := s.get(path)
		a.is(t, 503)
		if !strings.Contains(a.body, "snapshot-shows-too-much") ||
			!strings.Contains(a.body, "PRIVATE_FIELDS") || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	if got := s.snapshots(); len(got) != 0 {
		t.Errorf("snapshots %+v", got)
	}
	for _, to := range []string{first.ID, second.ID} {
		a := s.post("/api/cache/rollback", `{"to":"`+to+`"}`)
		a.is(t, 400)
		if !strings.Contains(a.body, "PRIVATE_FIELDS") {
			t.Error(a.body)
		}
	}
	health := s.get("/api/health")
	if health.StatusCode != 503 || !strings.Contains(health.body, "PRIVATE_FIELDS") ||
		strings.Contains(health.body, first.ID) {
		t.Error(health.body)
	}
	if status := s.get("/api/cache/"); !strings.Contains(status.body, "shows more than is allowed") {
		t.Error(status.body)
	}
}

// The warning says who reads what, and how to narrow it.
func TestPublicReads(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		private feedback.Privacy
		words   string
	}{
		"nothing hidden": {feedback.Privacy{}, "every other column"},
		"by default":     {feedback.DefaultPrivacy(mapping()), "reporter_email are masked"},
		"mapped alone":   {feedback.DefaultPrivacy(mapping()), "limited to the columns that a key reads"},
		"a field":        {feedback.Privacy{Fields: []string{"Plan"}}, "nothing of Plan is shown"},
		"no fields":      {feedback.Privacy{Only: []string{}}, "is empty"},
	} {
		text := httpapi.PublicReads(c.private)
		for _, words := range []string{
			c.words, "anyone", "without a token", "PRIVATE_FIELDS", "sign-in",
		} {
			if !strings.Contains(text, words) {
				t.Errorf("%s: %q does not say %q", name, text, words)
			}
		}
	}
}
