package airtablesim_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/airtablesim"
)

func TestScriptedAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  airtablesim.Fault
		status int
		body   string
		header map[string]string
	}{
		"rate limit": {airtablesim.RateLimit(airtablesim.ShapeList), 429, limited,
			map[string]string{"Retry-After": ""}},
		"rate limit, object": {airtablesim.RateLimit(airtablesim.ShapeObject), 429,
			`{"error":{"type":"RATE_LIMIT_REACHED",` +
				`"message":"Rate limit exceeded. Please try again later"}}`, nil},
		"rate limit, text": {airtablesim.RateLimit(airtablesim.ShapeText), 429,
			`{"error":"RATE_LIMIT_REACHED"}`, nil},
		"rate limit with Retry-After": {airtablesim.RateLimit(airtablesim.ShapeText).With("Retry-After",
			"45"), 429, "", map[string]string{"Retry-After": "45"}},
		"quota used up": {airtablesim.BillingLimit(), 429,
			`{"error":{"type":"PUBLIC_API_BILLING_LIMIT_EXCEEDED","message":`, nil},
		"unavailable": {airtablesim.Unavailable().With("Retry-After", "2"), 503,
			`"RETRIABLE_ERROR"`, map[string]string{"Retry-After": "2",
				"Content-Type": "application/json; charset=utf-8"}},
		"HTML": {airtablesim.HTML(502), 502, "<h1>502 Bad Gateway</h1>",
			map[string]string{"Content-Type": "text/html"}},
		"HTML that says all is well": {airtablesim.HTML(200), 200, "<h1>200 OK</h1>", nil},
		"anything": {airtablesim.Refuse(500, airtablesim.ShapeObject, "SERVER_ERROR",
			""), 500, `{"error":{"type":"SERVER_ERROR"}}`, nil},
		"by hand": {airtablesim.Fault{Status: 504, Body: "upstream"}, 504, "upstream",
			nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, airtablesim.Config{})
			s.Script(c.fault)
			r := s.list(params{})
			r.mustBe(t, c.status, c.body)
			for key, want := range c.header {
				if got := r.header.Get(key); got != want {
					t.Errorf("%s: %q", key, got)
				}
			}
			s.list(params{}).mustBe(t, 200, "Row 01")
			if n := s.Counters().Throttled; (c.status == 429) != (n == 1) {
				t.Error("throttled:", n)
			}
		})
	}
}

func TestScriptOrder(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	s.Script(
		airtablesim.HTML(500).On(airtablesim.Schema),
		airtablesim.HTML(501).On(airtablesim.List).After(1),
		airtablesim.HTML(502).OnPage(2),
		airtablesim.HTML(503).Repeat(2),
	)
	if n := s.Pending(); n != 4 {
		t.Fatal(n)
	}
	s.call("GET", "/v0/meta/whoami", nil).mustBe(t, 503, "")
	first := s.list(params{"pageSize": 3})
	first.mustBe(t, 200, "")
	s.list(params{}).mustBe(t, 501, "")
	s.list(params{"pageSize": 3, "offset": first.Offset}).mustBe(t, 502, "")
	s.list(params{"pageSize": 3, "offset": first.Offset}).mustBe(t, 503, "")
	s.list(params{}).mustBe(t, 200, "")
	s.call("GET", "/v0/meta/bases/"+s.Base().ID()+"/tables", nil).mustBe(t, 500, "")
	if n := s.Pending(); n != 0 {
		t.Error(n, "left")
	}
}

func TestExpireIterators(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	s.Script(airtablesim.ExpireIterators().OnPage(3))
	second := s.list(params{"pageSize": 3}).Offset
	third := s.list(params{"pageSize": 3, "offset": second}).Offset
	for _, offset := range []string{third, second} {
		s.list(params{"pageSize": 3, "offset": offset}).mustBe(t, 422,
			"LIST_RECORDS_ITERATOR_NOT_AVAILABLE")
	}
	if got := s.walk(params{"pageSize": 6}); len(got) != 2 {
		t.Error("from the start again:", got)
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	s.Script(airtablesim.Cut())
	if r, err := s.try("GET", s.table, nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v, %d bytes", err, len(r.raw))
	}
	if !json.Valid([]byte(s.list(params{}).raw)) {
		t.Error("the next answer is cut too")
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	server := httptest.NewServer(s.Server) // a pipe has no reset
	defer server.Close()
	s.Script(airtablesim.Reset())
	req, _ := http.NewRequestWithContext(t.Context(), "POST", server.URL+s.table+"/listRecords",
		strings.NewReader("{}"))
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		resp.Body.Close()
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
}

func TestStall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, airtablesim.Config{})
		s.Script(airtablesim.Stall())
		s.client.Timeout = time.Hour
		begin := time.Now()
		if _, err := s.try("GET", s.table, nil); !errors.Is(err, context.DeadlineExceeded) ||
			time.Since(begin) != time.Hour {
			t.Error(err, time.Since(begin))
		}
	})
}

func TestSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, airtablesim.Config{Latency: 150 * time.Millisecond})
		s.Script(airtablesim.Slow(time.Minute).After(1))
		for _, want := range []time.Duration{150 * time.Millisecond, time.Minute + 150*time.Millisecond,
			150 * time.Millisecond} {
			begin := time.Now()
			s.list(params{}).mustBe(t, 200, "")
			if got := time.Since(begin); got != want {
				t.Error(got, "want", want)
			}
		}
		s.client.Timeout = time.Second
		s.Script(airtablesim.Slow(time.Hour))
		begin := time.Now()
		if _, err := s.try("GET", s.table, nil); !errors.Is(err, context.DeadlineExceeded) ||
			time.Since(begin) != time.Second {
			t.Error(err, time.Since(begin))
		}
	})
}
