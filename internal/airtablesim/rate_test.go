package airtablesim_test

import (
	"testing"
	"time"

	"voc/internal/airtablesim"
)

const limited = `{"errors":[{"error":"RATE_LIMIT_REACHED",` +
	`"message":"Rate limit exceeded. Please try again later"}]}`

func TestSixthRequestCosts30Seconds(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{Rate: 5})
	for range 5 {
		s.list(params{}).mustBe(t, 200, "")
	}
	s.clock.Advance(time.Second - time.Nanosecond)
	r := s.list(params{})
	r.mustBe(t, 429, limited)
	if r.header.Get("Retry-After") != "" {
		t.Error("Airtable documents no Retry-After for 429")
	}
	s.clock.Advance(20 * time.Second)
	s.list(params{}).mustBe(t, 429, limited) // the 30 s begin again
	s.clock.Advance(30*time.Second - time.Nanosecond)
	s.list(params{}).mustBe(t, 429, limited)
	s.clock.Advance(30 * time.Second)
	s.list(params{}).mustBe(t, 200, "")
	if c := s.Counters(); c.Throttled != 3 || c.Calls[airtablesim.List] != 9 || c.Total() != 9 ||
		c.Pages != 6 || c.Peak != 6 {
		t.Errorf("%+v", c)
	}
}

func TestFiveRequestsPerSecondSucceed(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{Rate: 5})
	for range 50 {
		s.list(params{"pageSize": 1}).mustBe(t, 200, "")
		s.clock.Advance(time.Second / 5)
	}
	if c := s.Counters(); c.Peak != 5 || c.Throttled != 0 || c.Records != 50 {
		t.Errorf("%+v", c)
	}
}

func TestCallsShareRate(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{Rate: 3})
	schema := "/v0/meta/bases/" + s.Base().ID() + "/tables"
	for _, path := range []string{schema, s.table, s.table + "/recX"} {
		if r := s.call("GET", path, nil); r.status == 429 {
			t.Fatal(path, r.raw)
		}
	}
	s.call("GET", schema, nil).mustBe(t, 429, limited)
	s.call("DELETE", s.table+"/recX", nil).mustBe(t, 429, limited)
	s.call("GET", "/v0/meta/whoami", nil).mustBe(t, 200, "") // belongs to no base
}

func TestConfigRate(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{Rate: 40})
	for range 40 {
		s.list(params{"pageSize": 1}).mustBe(t, 200, "")
	}
	s.list(params{}).mustBe(t, 429, "")
}
