package airtablesim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"voc/internal/airtablesim"
)

// clock is a clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// sim is an emulator of a small base and a client of it.
type sim struct {
	*airtablesim.Server
	t      testing.TB
	clock  *clock
	client *http.Client
	table  string // the table's path
	token  string
}

// start runs an emulator of testdata/small.jsonl, without a rate limit unless
// the config has one.
func start(t testing.TB, cfg airtablesim.Config) *sim {
	t.Helper()
	b, err := airtablesim.Load("testdata/small.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return startOn(t, b, cfg)
}

func startOn(t testing.TB, b *airtablesim.Base, cfg airtablesim.Config) *sim {
	c := &clock{now: time.Date(2026, 11, 23, 12, 0, 0, 500_000_000, time.UTC)}
	if cfg.Clock == nil {
		cfg.Clock = c.Now
	}
	if cfg.Rate == 0 {
		cfg.Rate = -1
	}
	server := airtablesim.New(b, cfg)
	client, end := server.Pipe()
	t.Cleanup(end)
	return &sim{server, t, c, client, "/v0/" + b.ID() + "/Lead%20Bugs", airtablesim.DemoToken}
}

// reply is a response.
type reply struct {
	status  int
	header  http.Header
	raw     string
	Fields  map[string]any
	ID      string
	Offset  string
	Records []struct {
		ID     string
		Fields map[string]any
	}
}

// call sends a request; a body that is not a string is sent as JSON.
func (s *sim) call(method, path string, body any) reply {
	s.t.Helper()
	r, err := s.try(method, path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *sim) try(method, path string, body any) (r reply, err error) {
	var sent io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		sent = strings.NewReader(body)
	default:
		text, _ := json.Marshal(body)
		sent = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, "http://airtable.test"+path, sent)
	if err != nil {
		return r, err
	}
	req.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return r, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return r, err
	}
	json.Unmarshal(raw, &r) // errors have other shapes, which tests look at in raw
	r.status, r.header, r.raw = resp.StatusCode, resp.Header, string(raw)
	return r, nil
}

type params = map[string]any

func (s *sim) list(p params) reply {
	s.t.Helper()
	return s.call("POST", s.table+"/listRecords", p)
}

func (r reply) ids() (ids []string) {
	for _, record := range r.Records {
		ids = append(ids, record.ID)
	}
	return ids
}

// names returns the names of the records, which show their order of creation.
func (r reply) names() string {
	var names []string
	for _, record := range r.Records {
		name, _ := record.Fields["Name"].(string)
		names = append(names, strings.TrimPrefix(name, "Row "))
	}
	return strings.Join(names, " ")
}

// walk lists all pages and returns the names of the records, page by page.
func (s *sim) walk(p params) (pages []string) {
	s.t.Helper()
	for {
		r := s.list(p)
		r.mustBe(s.t, 200, "")
		pages = append(pages, r.names())
		if r.Offset == "" {
			return pages
		}
		p["offset"] = r.Offset
	}
}

// mustBe fails the test unless the response has the status and its body contains the
// text.
func (r reply) mustBe(t testing.TB, status int, text string) {
	t.Helper()
	if r.status != status || !strings.Contains(r.raw, text) {
		t.Fatalf("%d %.300s, want %d with %s", r.status, r.raw, status, text)
	}
}

// id returns the id of a record by its name.
func (s *sim) id(name string) string {
	records := s.Records()
	i := slices.IndexFunc(records, func(r airtablesim.Record) bool { return r.Fields["Name"] == name })
	if i < 0 {
		s.t.Fatalf("no row %q", name)
	}
	return records[i].ID
}
