package httpapi_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"voc/internal/job"
)

func TestUpdateIsAccepted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path   string
		ticket job.Ticket
		asked  job.Mode
		body   string
	}{
		{"/api/cache/update-full", job.Ticket{RunID: "full-1", Mode: job.Full}, job.Full,
			`{"message":"a refresh (full) was started","type":"full","run_id":"full-1",` +
				`"timestamp":"2026-11-23T12:00:00.000Z","joined":false}`,
		},
		{"/api/cache/update-incremental", job.Ticket{
			RunID: "incremental-1", Mode: job.Incremental,
		}, job.Incremental,
			`{"message":"a refresh (incremental) was started","type":"incremental",` +
				`"run_id":"incremental-1","timestamp":"2026-11-23T12:00:00.000Z","joined":false}`,
		},
		{"/api/cache/update-incremental/", job.Ticket{
			RunID: "full-1", Mode: job.Full, Joined: true,
		}, job.Incremental,
			`{"message":"joined the refresh (full) that is already running","type":"full",` +
				`"run_id":"full-1","timestamp":"2026-11-23T12:00:00.000Z","joined":true}`,
		},
		{"/api/cache/update-sweep", job.Ticket{RunID: "sweep-1", Mode: job.Sweep}, job.Sweep,
			`{"message":"a refresh (sweep) was started","type":"sweep","run_id":"sweep-1",` +
				`"timestamp":"2026-11-23T12:00:00.000Z","joined":false}`,
		},
	} {
		s := newService(t, tokens)
		s.refresher.ticket = c.ticket
		a := s.post(c.path, "")
		if a.StatusCode != 202 || a.body != c.body+"\n" {
			t.Errorf("%s: %d %s", c.path, a.StatusCode, a.body)
		}
		a.has(
			t, "Location", "/api/cache/runs/"+c.ticket.RunID, "Content-Type", "application/json",
			"Cache-Control", "no-store", "ETag", "",
		)
		if !slices.Equal(s.refresher.asked, []job.Request{{Mode: c.asked, Trigger: job.TriggerAPI}}) {
			t.Errorf("%s requested %v", c.path, s.refresher.asked)
		}
	}
}

func TestCommandBodies(t *testing.T) {
	t.Parallel()
	for body, status := range map[string]int{
		"": 202, " \n": 202, "{}": 202, `{"accept":true}`: 202, `{"accept":false}`: 202,
		` {"accept" : true} ` + "\n": 202, `{"accept":null}`: 202,
		`{"accept":"true"}`: 400, `{"accept":1}`: 400, `{"force":true}`: 400,
		`{"accept":true,"to":"previous"}`: 400, "true": 400, "null": 400, "[]": 400, `"accept"`: 400,
		"accept=true":       400,
		`{"accept":true}{}`: 400, `{"accept":true} x`: 400, `{"accept":true`: 400, "\x00": 400,
		"\xff\xfe": 400, "{}]": 400,
		strings.Repeat(" ", 1<<20) + `{"force":true}`:    400,
		`{"accept":true}` + strings.Repeat(" ", 1<<20):   400,
		`{"force":"` + strings.Repeat("a", 1<<20) + `"}`: 400,
		strings.Repeat("[", 100_000):                     400,
	} {
		s := newService(t, tokens)
		a := s.post("/api/cache/update-full", body)
		if a.is(t, status); (len(s.refresher.asked) > 0) != (status == 202) {
			t.Errorf("%.50q: %d, requested %v", body, a.StatusCode, s.refresher.asked)
		}
		if status == 400 && a.problem(t).Errors[0].Parameter != "(body)" {
			t.Errorf("%.50q: %s", body, a.body)
		}
	}
}

func TestTruncatedCommandStartsNothing(t *testing.T) {
	t.Parallel()
	s := newService(t, tokens)
	for _, sent := range []string{"", `{}`, `{"accept":true}`} {
		r := httptest.NewRequest(
			"POST", "/api/cache/update-full",
			io.MultiReader(strings.NewReader(sent), iotest.ErrReader(io.ErrUnexpectedEOF)),
		)
		r.Header.Set("Authorization", "Bearer admin-1")
		s.send(r).is(t, 400)
	}
	if len(s.refresher.asked) > 0 {
		t.Errorf("requested %v", s.refresher.asked)
	}
}

func TestRejectedRequestStartsNothing(t *testing.T) {
	t.Parallel()
	s := newService(t, tokens)
	for _, c := range []struct {
		target string
		status int
	}{
		{"/api/cache/update-full?x=1", 400}, {"/api/cache/update-full?accept=true", 400},
		{"/api/cache/update-nothing", 404}, {"/api/cache/", 405},
	} {
		s.post(c.target, "").is(t, c.status)
	}
	if len(s.refresher.asked) > 0 {
		t.Errorf("requested %v", s.refresher.asked)
	}
}

func TestStoppingServerSendsRetryAfter(t *testing.T) {
	t.Parallel()
	s := newService(t, tokens)
	s.refresher.err = errors.Join(errors.New("refresh"), job.ErrStopped)
	a := s.post("/api/cache/update-full", "")
	a.is(t, 503)
	if a.Header.Get("Retry-After") == "" || a.Header.Get("Location") != "" {
		t.Errorf("%v", a.Header)
	}
}
