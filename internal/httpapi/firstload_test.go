package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"voc/internal/job"
)

// TestFirstLoadTellsProgress holds that a data route of an empty store says how far the first
// refresh is, of this process or, by its lease, of another host.
func TestFirstLoadTellsProgress(t *testing.T) {
	t.Parallel()
	read := func(pages, records, calls int) job.Run {
		run := underWay(fullRun())
		run.Pages, run.Read, run.AirtableCalls = pages, records, calls
		return run
	}
	waiting := job.Run{ID: "full-waiting", Mode: job.Full}
	rollback := underWay(nextRun(job.Rollback, "r", time.Minute))
	for name, test := range map[string]struct {
		active []job.Run
		lease  *job.Run
		words  string
	}{
		"nothing runs":    {nil, nil, "start the first refresh with POST /api/cache/update-full"},
		"a rollback runs": {[]job.Run{rollback}, nil, "start the first refresh"},
		"it waits":        {[]job.Run{waiting}, nil, "has been accepted and is about to start"},
		"it begins":       {[]job.Run{read(0, 0, 0)}, nil, "started 2m0s ago and has read no page"},
		"it reads": {[]job.Run{read(13, 1234, 0), waiting}, nil,
			"is running. It has read 1234 records on 13 pages in 2m0s"},
		"on another host": {nil, new(read(7, 700, 8)),
			"It has read 700 records on 7 pages with 8 calls to Airtable in 2m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			s.refresher.active = test.active
			if test.lease != nil {
				if _, _, err := s.acquire(*test.lease); err != nil {
					t.Fatal(err)
				}
			}
			for _, path := range []string{"/api/feedback/", "/api/feedback.csv", "/api/customer-pulse",
				"/api/feedback/facets", "/api/reports/environments", "/api/feedback/rec00000000000001"} {
				answer := s.get(path)
				answer.is(t, 503)
				answer.has(t, "Retry-After", "15")
				if !strings.Contains(answer.body, test.words) ||
					!strings.Contains(answer.body, `"type":"/api/docs#no-snapshot-yet"`) {
					t.Errorf("%s: %s does not contain %q", path, answer.body, test.words)
				}
			}
			if health := s.get("/api/health"); !strings.Contains(health.body, test.words) {
				t.Errorf("health: %s", health.body)
			}
		})
	}
}
